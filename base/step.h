/* The result of one step of a state machine, returned to the machine's driver. */
#ifndef BASE_STEP_H
#define BASE_STEP_H

enum step {
    STEP_WAIT, /* nothing more to do until an event comes */
    STEP_ON,   /* the state changed: run the next step */
};

#endif
