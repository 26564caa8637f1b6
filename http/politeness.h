/*
 * How often one host may be asked: at most so many requests at once, and so many a second. Who has to
 * wait stands in its host's queue; `open` says when it is worth asking again. A host is a name or an
 * address, whatever its port: it is the machine behind it that is to be spared.
 */
#ifndef HTTP_POLITENESS_H
#define HTTP_POLITENESS_H

#include "base/list.h"
#include "reactor/loop.h"

/* Hosts remembered at once because something is under way, waits, or has been asked too lately. */
#define POLITENESS_MAX_HOSTS 65536

struct politeness;
struct polite_host;

/* Who wants to ask; a member of its owner, all zeros at first. */
struct permit {
    struct polite_host *host; /* being asked, or waited for; NULL: neither */
    struct link link;         /* in the host's queue */
    bool admitted;            /* it may ask; else it waits */
};

struct politeness_options {
    size_t max;    /* requests to a host at once; 0: no limit */
    nsec interval; /* between the starts of two; 0: none */
    /* The first of a queue has been taken out of it: it is to ask for admission again. Never called
       from politeness_admit. */
    void (*open)(void *owner, struct permit *permit);
    void *owner; /* its argument */
};

struct politeness *politeness_new(struct loop *loop, const struct politeness_options *options);

/* No permit may be admitted or waiting any more. */
void politeness_free(struct politeness *politeness);

/* True: it may ask the host now, and says politeness_leave when it is done. False: it waits in the
   queue, before all others where it is `urgent`. The name is copied. */
bool politeness_admit(struct politeness *politeness, struct permit *permit, const char *name,
                      bool urgent);

/* It is done, or wants no more. Nothing happens to one that neither asks nor waits. */
void politeness_leave(struct permit *permit);

/* Whether somebody waits for the host. */
bool politeness_is_busy(const struct politeness *politeness, const char *name, size_t length);

/* Whether so many hosts are remembered that no site of a new one should be taken. */
bool politeness_is_full(const struct politeness *politeness);

#endif
