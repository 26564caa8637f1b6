/*
 * linkat(2) cannot replace a file: so a file without a name first gets an unpredictable one, and
 * rename(2) replaces the old file. Rejected: a fixed name, FILE.part, which others may have used.
 */
#include "cli/output/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

#define MODE         0666 /* less the umask */
#define SUFFIX       ".part-"
#define SUFFIX_BYTES (sizeof(SUFFIX) - 1 + 16)
#define MAX_TRIES    16 /* if a name exists already */
#define MAX_LINKS    40 /* chain of symbolic links, the kernel's limit */
#define COPY_BYTES   16384

/* The length of the folder in a path, with its last slash; 0 if there is none. */
static size_t folder_bytes(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash + 1 - path) : 0;
}

/* Returns the folder of `path` joined with `name`, or an absolute `name` alone. Free it. */
static char *in_folder_of(const char *path, const char *name)
{
    size_t folder = *name == '/' ? 0 : folder_bytes(path);

    return memory_print("%.*s%s", (int)folder, path, name);
}

/* Resolves the folder of a file that does not exist. Free it. NULL and errno on an error. */
static char *resolve_folder(const char *path)
{
    size_t length = folder_bytes(path);
    char *folder = length ? memory_text(path, length) : memory_text(".", 1);
    char *resolved = realpath(folder, NULL), *joined;

    free(folder);
    if (!resolved)
        return NULL;
    joined = memory_print("%s/%s", strcmp(resolved, "/") != 0 ? resolved : "", path + length);
    free(resolved);
    return joined;
}

char *replacement_target(const char *path)
{
    char *at = memory_text(path, strlen(path)), link[PATH_MAX];

    for (int links = 0; links < MAX_LINKS; links++) {
        char *next = realpath(at, NULL);
        ssize_t length;

        if (next || errno != ENOENT) {
            free(at);
            return next;
        }
        length = readlink(at, link, sizeof(link) - 1);
        if (length < 0) { /* not a link: the file or its folder is missing */
            next = resolve_folder(at);
            free(at);
            return next;
        }
        link[length] = '\0';
        next = in_folder_of(at, link);
        free(at);
        at = next;
    }
    free(at);
    errno = ELOOP;
    return NULL;
}

static void random_name(struct replacement *replacement)
{
    size_t room = strlen(replacement->target) + SUFFIX_BYTES + 1;
    size_t folder = folder_bytes(replacement->target), base = room - 1 - SUFFIX_BYTES - folder;
    uint64_t number;

    /* O_EXCL protects against existing files; a random name is only likely to be free. */
    if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
        number = clock_wall_ns() ^ (uint64_t)getpid() << 40;
    if (base + SUFFIX_BYTES > NAME_MAX)
        base = NAME_MAX - SUFFIX_BYTES;
    snprintf(replacement->name, room, "%.*s" SUFFIX "%016" PRIx64, (int)(folder + base),
             replacement->target, number);
}

/* Creates a file without a name. Returns the descriptor or -1. */
static int open_nameless(const struct replacement *replacement, mode_t mode)
{
    char *folder = memory_text(replacement->target, folder_bytes(replacement->target));
    int fd = -1;

    if (!access("/proc/self/fd", X_OK)) /* linkat(2) needs it to name the file */
        fd = open(folder, O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, mode);
    free(folder);
    return fd;
}

/* Creates a file under a new name. Returns the descriptor, or -1 and errno. */
static int open_named(struct replacement *replacement, mode_t mode)
{
    int fd = -1;

    for (int i = 0; i < MAX_TRIES && fd < 0; i++) {
        random_name(replacement);
        fd = open(replacement->name,
                  O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, mode);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    replacement->named = fd >= 0;
    return fd;
}

/* Gives the new file the owner and mode of the old one. If the owner cannot be kept, the
   set-user-ID bits are dropped. False and errno on an error. */
static bool copy_owner(int fd, const struct stat *old)
{
    bool same = !fchown(fd, old->st_uid, old->st_gid);

    return !fchmod(fd, old->st_mode & (same ? 07777 : 0777));
}

bool replacement_open(struct replacement *replacement, const char *path)
{
    struct stat old;
    bool is_there;
    mode_t mode;

    *replacement = (struct replacement){.fd = -1, .target = replacement_target(path)};
    if (!replacement->target)
        return false;
    replacement->name = memory_get(strlen(replacement->target) + SUFFIX_BYTES + 1);
    is_there = !stat(replacement->target, &old) && S_ISREG(old.st_mode);
    mode = is_there ? old.st_mode & 0700 : MODE;
    replacement->fd = open_nameless(replacement, mode);
    if (replacement->fd < 0)
        replacement->fd = open_named(replacement, mode);
    if (replacement->fd < 0)
        return false;
    if (!is_there || copy_owner(replacement->fd, &old))
        return true;
    replacement_abandon(replacement);
    return false;
}

/* Copies a file. False and errno on an error. */
static bool copy(int from, int to)
{
    char bytes[COPY_BYTES];
    off_t at = 0;
    ssize_t count;

    while ((count = pread(from, bytes, sizeof(bytes), at)) > 0) {
        if (!file_write(to, bytes, (size_t)count))
            return false;
        at += count;
    }
    return !count;
}

/* For a file that linkat(2) refuses to name: a copy gets the name. */
static bool keep_copy(struct replacement *replacement)
{
    struct stat about;
    bool kept;
    int fd;

    if (fstat(replacement->fd, &about))
        return false;
    fd = open_named(replacement, about.st_mode & 0700);
    if (fd < 0)
        return false;
    kept = copy(replacement->fd, fd) && !fchmod(fd, about.st_mode & 0777) && !fsync(fd);
    if (!kept)
        replacement_drop(replacement);
    close(fd);
    return kept;
}

bool replacement_keep(struct replacement *replacement)
{
    char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", replacement->fd);
    for (int i = 0; i < MAX_TRIES && !replacement->named; i++) {
        random_name(replacement);
        replacement->named =
            !linkat(AT_FDCWD, path, AT_FDCWD, replacement->name, AT_SYMLINK_FOLLOW);
        if (!replacement->named && errno != EEXIST)
            break;
    }
    return replacement->named || keep_copy(replacement);
}

bool replacement_commit(struct replacement *replacement)
{
    if (fsync(replacement->fd) || !replacement_keep(replacement) ||
        rename(replacement->name, replacement->target))
        return false;
    replacement->named = false;
    return true;
}

void replacement_drop(struct replacement *replacement)
{
    int error = errno;

    if (replacement->named)
        unlink(replacement->name);
    replacement->named = false;
    errno = error;
}

void replacement_abandon(struct replacement *replacement)
{
    int error = errno;

    replacement_drop(replacement);
    if (replacement->fd >= 0)
        close(replacement->fd);
    replacement->fd = -1;
    errno = error;
}

void replacement_free(struct replacement *replacement)
{
    free(replacement->target);
    free(replacement->name);
    *replacement = (struct replacement){.fd = -1};
}
