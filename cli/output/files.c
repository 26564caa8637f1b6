/* Collects all files with their roles, then compares every pair. */
#include "cli/output/files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/output/diagnostic.h"
#include "cli/output/replacement.h"

/* How this run uses a file. */
enum role {
    READ = 1,
    WRITTEN = 2,
    OUTPUT = 4,   /* may also be the file of a standard stream */
    STANDARD = 8, /* standard output or standard error */
};

/* A file in its role. */
struct used_file {
    const char *option, *path; /* as the user has written them */
    unsigned role;
    dev_t device;
    ino_t inode; /* of the file, or of its folder if it does not exist */
    char *name;  /* the name in that folder if the file does not exist; owned; NULL: it exists */
};

struct used_files {
    struct used_file *list; /* owned */
    size_t count;
};

/* Identifies a file. False if it is neither a regular file nor would be created as one. */
static bool identify(struct used_file *file, int fd)
{
    struct stat about;
    char *target, *slash;
    bool found;

    if (fd >= 0 ? !fstat(fd, &about) : !stat(file->path, &about)) {
        file->device = about.st_dev;
        file->inode = about.st_ino;
        return S_ISREG(about.st_mode);
    }
    if (fd >= 0 || !(target = replacement_target(file->path)))
        return false;
    slash = strrchr(target, '/');
    file->name = memory_text(slash + 1, strlen(slash + 1));
    slash[1] = '\0';
    found = !stat(target, &about);
    file->device = about.st_dev;
    file->inode = about.st_ino;
    free(target);
    return found;
}

/* Adds a file by its descriptor or, if that is -1, by its path. Path NULL: there is no file. */
static void add(struct used_files *files, unsigned role, const char *option, const char *path,
                int fd)
{
    struct used_file file = {.option = option, .path = path, .role = role};

    if (!path || !identify(&file, fd)) {
        free(file.name);
        return;
    }
    files->list = memory_grow(files->list, files->count + 1, sizeof(*files->list));
    files->list[files->count++] = file;
}

static void add_all(struct used_files *files, const struct files_options *options)
{
    const char *file = options->list->file;
    bool input = file && !strcmp(file, "-");

    add(files, READ, "--file ", file, input ? STDIN_FILENO : -1);
    add(files, READ | WRITTEN, "--resume ", options->output->resume, -1);
    add(files, WRITTEN | OUTPUT, "--output ", options->output->file, -1);
    add(files, WRITTEN, "--hlog ", options->hlog, -1);
    add(files, WRITTEN, "SSLKEYLOGFILE=", getenv("SSLKEYLOGFILE"), -1);
    add(files, READ, "--cacert ", options->trust->authorities_file, -1);
    add(files, READ, "SSL_CERT_FILE=", getenv("SSL_CERT_FILE"), -1);
    add(files, READ, "--cert ", options->trust->certificate, -1);
    add(files, READ, "--key ", options->trust->key, -1);
    for (size_t i = 0; i < options->data->count; i++)
        add(files, READ, "--data @", options->data->list[i], -1);
    for (size_t i = 0; options->compared && i < options->list->word_count; i++)
        add(files, READ, "", options->list->words[i], -1);
    add(files, WRITTEN | STANDARD, "", "standard output", STDOUT_FILENO);
    add(files, WRITTEN | STANDARD, "", "standard error", STDERR_FILENO);
}

static bool is_same(const struct used_file *one, const struct used_file *other)
{
    return one->device == other->device && one->inode == other->inode &&
           !one->name == !other->name && (!one->name || !strcmp(one->name, other->name));
}

/* Whether both are one file that must not have both roles. */
static bool is_conflict(const struct used_file *one, const struct used_file *other)
{
    unsigned both = one->role | other->role, common = one->role & other->role;

    if (common & STANDARD || (both & OUTPUT && both & STANDARD))
        return false;
    return both & WRITTEN && is_same(one, other);
}

static bool refuse_pair(const struct used_file *one, const struct used_file *other)
{
    const struct used_file *written = other->role & WRITTEN ? other : one;
    const struct used_file *first = written == other ? one : other;
    char *what = memory_print("%s%s", written->option, written->path);
    char *why = memory_print("already %s by this run (%s%s); give another name",
                             first->role & READ ? "read" : "written", first->option, first->path);

    complain_and_free(what, why);
    free(what);
    return false;
}

bool files_check(const struct files_options *options)
{
    struct used_files files = {0};
    bool valid = true;

    add_all(&files, options);
    for (size_t i = 0; i < files.count; i++)
        for (size_t k = i + 1; k < files.count && valid; k++)
            if (is_conflict(&files.list[i], &files.list[k]))
                valid = refuse_pair(&files.list[i], &files.list[k]);
    for (size_t i = 0; i < files.count; i++)
        free(files.list[i].name);
    free(files.list);
    return valid;
}
