/* The result of one step of a state machine, returned to the machine's driver. */
#ifndef BASE_STEP_H
#define BASE_STEP_H

enum step {
    STEP_WAIT,     /* wait for an event */
    STEP_CONTINUE, /* the state changed: run the next step */
};

#endif
