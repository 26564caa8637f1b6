/* The child announces three addresses and the certificate as text, which people can use too. */
#include "cli/rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/list/bad_lines.h"
#include "cli/list/sites.h"
#include "cli/output/diagnostic.h"
#include "origin/server.h"
#include "reactor/interrupt.h"

#define MAX_ANNOUNCED_BYTES 65536
#define MAX_STAT_BYTES      1024
#define FLAG_EXITING        0x4   /* PF_EXITING, of the flags in proc_pid_stat(5) */
#define START_LIMIT_MS      20000 /* limit for the child's start, which reads the list */

extern char **environ;

bool rehearsal_reads(const struct list_options *list)
{
    struct stat about;

    return !list->file ||
           (strcmp(list->file, "-") != 0 && !stat(list->file, &about) && S_ISREG(about.st_mode));
}

void rehearsal_warn_ignored(const struct list_options *list, uint64_t line)
{
    char *where = memory_print("%s:%" PRIu64, bad_lines_file(list->file), line);

    complain(where, "rehearse- keys have no effect here, because the origin reads only a regular "
                    "file; give the list with -f FILE");
    free(where);
}

/* The command line of the child. The words are borrowed; free the array. */
static char **command_of(const struct list_options *list, const char *other)
{
    static char name[] = "firstbyte", origin[] = "origin", lifeline[] = "--lifeline", file[] = "-f",
                end[] = "--";
    char *const first[] = {name, origin, lifeline};
    char **words = memory_zeroed((list->word_count + 8) * sizeof(*words));
    size_t count = sizeof(first) / sizeof(*first);

    memcpy(words, first, sizeof(first));
    if (!rehearsal_reads(list))
        return words;
    if (list->file) {
        words[count++] = file;
        words[count++] = (char *)list->file;
    } else if (list->word_count) {
        words[count++] = end;
        memcpy(words + count, list->words, list->word_count * sizeof(*words));
        count += list->word_count;
        words[count] = (char *)other;
    }
    return words;
}

/* The path of this program; if it was removed, the kernel's link, which valgrind cannot follow. */
static const char *own_path(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

    if (length > 0)
        path[length] = '\0';
    return length > 0 && !access(path, X_OK) ? path : "/proc/self/exe";
}

/* Starts the child on the two pipes. Returns 0 or an errno. */
static int spawn(pid_t *child, char *const *words, int input, int output)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    char path[PATH_MAX];
    sigset_t none;
    int error;

    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&how, &none);
    error = posix_spawn(child, own_path(path), &files, &how, words, environ);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Reads the child's output until the child closes it. NULL on an error or a timeout. Free it. */
static char *read_until_closed(int fd)
{
    char *text = memory_get(MAX_ANNOUNCED_BYTES + 1);
    size_t length = 0;

    for (;;) {
        struct pollfd one = {.fd = fd, .events = POLLIN};
        ssize_t count = poll(&one, 1, START_LIMIT_MS) == 1
                            ? read(fd, text + length, MAX_ANNOUNCED_BYTES - length)
                            : -1;

        if (count < 0) {
            free(text);
            return NULL;
        }
        if (count == 0)
            break;
        length += (size_t)count;
    }
    text[length] = '\0';
    return text;
}

/* Reads a line "name address:port" with an IPv4 address. */
static bool read_address(const char **at, const char *name, struct address *address)
{
    char text[ADDRESS_TEXT_BYTES], *colon;
    size_t skip = strlen(name), length = strcspn(*at, "\n");

    if (strncmp(*at, name, skip) != 0 || (*at)[skip] != ' ' || !(*at)[length] ||
        length - skip >= sizeof(text))
        return false;
    snprintf(text, sizeof(text), "%.*s", (int)(length - skip - 1), *at + skip + 1);
    *at += length + 1;
    colon = strrchr(text, ':');
    if (!colon)
        return false;
    *colon = '\0';
    return address_parse(address, text, (uint16_t)strtoul(colon + 1, NULL, 10));
}

static bool read_announcement(struct rehearsal *rehearsal, const char *text)
{
    const char *at = text;

    if (!text || !read_address(&at, "nameserver", &rehearsal->map.nameserver) ||
        !read_address(&at, "http", &rehearsal->map.http) ||
        !read_address(&at, "https", &rehearsal->map.https) || !*at)
        return false;
    rehearsal->authority = memory_text(at, strlen(at));
    return true;
}

bool rehearsal_start(struct rehearsal *rehearsal, const struct list_options *list,
                     const char *other)
{
    int lifeline[2] = {-1, -1}, announced[2] = {-1, -1}, error = 0;
    char **words = command_of(list, other), *text = NULL;
    bool up = false;

    *rehearsal = (struct rehearsal){.child = -1, .lifeline = -1};
    if (pipe2(lifeline, O_CLOEXEC) || pipe2(announced, O_CLOEXEC))
        error = errno;
    else
        error = spawn(&rehearsal->child, words, lifeline[0], announced[1]);
    free(words);
    if (lifeline[0] >= 0)
        close(lifeline[0]);
    if (announced[1] >= 0)
        close(announced[1]);
    rehearsal->lifeline = lifeline[1];
    if (!error) {
        text = read_until_closed(announced[0]);
        up = read_announcement(rehearsal, text);
    }
    if (announced[0] >= 0)
        close(announced[0]);
    free(text);
    if (!up) {
        diagnostic("the rehearsal's origin did not start%s%s", error ? ": " : "",
                   error ? strerrordesc_np(error) : "");
        rehearsal_stop(rehearsal);
    }
    return up;
}

/* The child alone has the other end of the lifeline: epoll reports an error when it ends. */
int rehearsal_watch(const struct rehearsal *rehearsal, struct loop *loop, struct watch *watch,
                    watch_fn *ended, void *owner)
{
    watch_init(watch, ended, owner, "rehearsal process");
    return rehearsal->child > 0 ? loop_watch(loop, watch, rehearsal->lifeline, 0) : 0;
}

/* Whether a process is exiting. Its sockets may then be closed and its pipe still open. */
static bool is_exiting(pid_t pid)
{
    char path[sizeof("/proc//stat") + 3 * sizeof(pid)], *text, *after_name;
    unsigned flags = 0;
    size_t length;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    text = file_read(path, MAX_STAT_BYTES, &length);
    after_name = text ? strrchr(text, ')') : NULL;
    if (after_name)
        sscanf(after_name, ") %*c %*d %*d %*d %*d %*d %u", &flags);
    free(text);
    return flags & FLAG_EXITING;
}

bool rehearsal_has_ended(const struct rehearsal *rehearsal)
{
    struct pollfd lifeline = {.fd = rehearsal->lifeline};

    return rehearsal->child > 0 && (poll(&lifeline, 1, 0) == 1 || is_exiting(rehearsal->child));
}

bool rehearsal_report_end(struct rehearsal *rehearsal)
{
    char how[64] = "ended";
    int status;
    pid_t reaped;

    if (!rehearsal_has_ended(rehearsal))
        return false;
    do {
        reaped = waitpid(rehearsal->child, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    if (reaped >= 0 && WIFSIGNALED(status))
        snprintf(how, sizeof(how), "was killed by signal %d", WTERMSIG(status));
    else if (reaped >= 0)
        snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
    diagnostic("the rehearsal's origin %s, so the run ended", how);
    rehearsal->child = -1;
    return true;
}

void rehearsal_stop(struct rehearsal *rehearsal)
{
    if (rehearsal->child > 0)
        /* a stopped child would not see that the lifeline is closed */
        kill(rehearsal->child, SIGCONT);
    if (rehearsal->lifeline >= 0)
        close(rehearsal->lifeline);
    if (rehearsal->child > 0)
        waitpid(rehearsal->child, NULL, 0);
    free(rehearsal->authority);
    *rehearsal = (struct rehearsal){.child = -1, .lifeline = -1};
}

/* Configures the origin with every site whose line has faults for the rehearsal. A bad line is
   skipped in a rehearsal, because the parent reports it. */
static bool configure(struct origin *origin, const struct list_options *list, bool lifeline)
{
    /* accepts a list of sites and the targets of a load */
    static const struct sites_options plain = {.weights = true};
    struct bad_lines bad = {.file = bad_lines_file(list->file)};
    struct sites *sites;
    struct listed listed;

    sites = sites_open(list, &plain);
    if (!sites) {
        diagnostic("%s: %s", list->file, strerrordesc_np(errno));
        return false;
    }
    while (sites_next(sites, &listed) == SITES_ONE) {
        if (listed.site->line_error && !lifeline)
            bad_lines_add(&bad, listed.site);
        if (!listed.site->line_error && (listed.behaviour.given || listed.site->url.numeric))
            origin_add_site(origin, &listed.site->url, &listed.behaviour);
        site_free(listed.site);
    }
    sites_close(sites);
    return bad_lines_end(&bad);
}

static void announce(const struct origin *origin)
{
    struct dial_map map;
    const char *pem;
    char text[ADDRESS_TEXT_BYTES];

    origin_get_map(origin, &map, &pem);
    printf("nameserver %s\n", address_text(&map.nameserver, text));
    printf("http %s\n", address_text(&map.http, text));
    printf("https %s\n%s", address_text(&map.https, text), pem);
    fclose(stdout);
}

static void on_signal(void *owner, int number)
{
    (void)number;
    loop_stop(owner);
}

/* The parent has closed its end, or has ended. */
static void on_lifeline(void *owner, uint32_t events)
{
    (void)events;
    loop_stop(owner);
}

static enum exit_status serve(struct loop *loop, struct origin *origin, bool lifeline)
{
    struct interrupt interrupt;
    struct watch parent;

    watch_init(&parent, on_lifeline, loop, "rehearsal parent");
    if (interrupt_start(&interrupt, loop, on_signal, loop) ||
        (lifeline && loop_watch(loop, &parent, STDIN_FILENO, EPOLLIN))) {
        diagnostic("the origin's descriptors cannot be watched");
        return EXIT_SETUP;
    }
    announce(origin);
    loop_run(loop);
    loop_unwatch(loop, &parent);
    interrupt_stop(&interrupt);
    return EXIT_FETCHED;
}

enum exit_status origin_run(const struct list_options *list, bool lifeline)
{
    struct loop *loop = loop_new();
    const char *why;
    struct origin *origin = origin_new(loop, &why);
    enum exit_status status = EXIT_SETUP;

    if (!origin)
        diagnostic("the origin cannot start: %s", why);
    else if (configure(origin, list, lifeline))
        status = serve(loop, origin, lifeline);
    else
        status = EXIT_USAGE;
    if (origin)
        origin_free(origin);
    loop_free(loop);
    return status;
}
