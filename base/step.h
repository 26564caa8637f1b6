/* What a step of a state machine returns to its driver. */
#ifndef BASE_STEP_H
#define BASE_STEP_H

enum step {
    STEP_WAIT, /* nothing more to do until an event comes */
    STEP_ON,   /* the state changed: go on */
};

#endif
