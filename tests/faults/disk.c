/* Stands between a process and the C library, to fail its calls that change a disk.

   Loaded by LD_PRELOAD. It counts each such call of the whole process, SQLite's
   own included, and at the one that `arm` names it kills the process in front of
   the call, behind it or in the middle of a write, or has the call fail. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum effect { NONE, KILL_BEFORE, KILL_AFTER, TEAR, FAIL };

static enum effect armed = NONE;
static long chosen = 0;
static int failure = 0;
static atomic_long seen = 0;
static atomic_int hit = 0;

void arm(int effect, long at, int number) {
    armed = effect;
    chosen = at;
    failure = number;
    seen = 0;
    hit = 0;
}

long passed(void) { return seen; }
int fired(void) { return hit; }

static void stop(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Whether this call is the one; a process that dies in front of it never returns. */
static int is_it(void) {
    if (armed == NONE || atomic_fetch_add(&seen, 1) + 1 != chosen) return 0;
    hit = 1;
    if (armed == KILL_BEFORE) stop();
    return 1;
}

static int is_file(int handle) {
    struct stat state;
    return fstat(handle, &state) == 0 && S_ISREG(state.st_mode);
}

/* The call that was made to fail, for who wants to know what a run got over. */
static char refused[1024];

const char *refused_call(void) { return refused; }

static const char *path_of(int handle) {
    static char path[900];
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = 0;
    return path;
}

static int refuse(const char *name, const char *path) {
    snprintf(refused, sizeof refused, "%s %s", name, path);
    errno = failure;
    return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define AROUND(name, path, ...)                             \
    int it = is_it();                                       \
    if (it && armed == FAIL) return refuse(#name, path);    \
    __auto_type result = REAL(name)(__VA_ARGS__);           \
    if (it) stop();                                         \
    return result;
#define WRITING(name, handle, size, ...)               \
    if (!is_file(handle)) return REAL(name)(__VA_ARGS__);   \
    int it = is_it();                                       \
    if (it && armed == FAIL)                                \
        return refuse(#name, path_of(handle));              \
    if (it && armed == TEAR) size = size / 2;               \
    ssize_t result = REAL(name)(__VA_ARGS__);               \
    if (it) stop();                                         \
    return result;

ssize_t write(int handle, const void *data, size_t size) {
    WRITING(write, handle, size, handle, data, size)
}
ssize_t pwrite(int handle, const void *data, size_t size, off_t at) {
    WRITING(pwrite, handle, size, handle, data, size, at)
}
ssize_t pwrite64(int handle, const void *data, size_t size, off64_t at) {
    WRITING(pwrite64, handle, size, handle, data, size, at)
}
int fsync(int handle) { AROUND(fsync, path_of(handle), handle) }
int fdatasync(int handle) { AROUND(fdatasync, path_of(handle), handle) }
int ftruncate(int handle, off_t size) { AROUND(ftruncate, path_of(handle), handle, size) }
int ftruncate64(int handle, off64_t size) { AROUND(ftruncate64, path_of(handle), handle, size) }
int rename(const char *from, const char *to) { AROUND(rename, to, from, to) }
int unlink(const char *path) { AROUND(unlink, path, path) }
int mkdir(const char *path, mode_t mode) { AROUND(mkdir, path, path, mode) }

/* Opening counts where it may make or change a file. */
#define OPENING(name, flags, ...)                           \
    mode_t mode = 0;                                        \
    if (flags & (O_CREAT | O_TMPFILE)) {                    \
        va_list more;                                       \
        va_start(more, flags);                              \
        mode = va_arg(more, mode_t);                        \
        va_end(more);                                       \
    }                                                       \
    if (!(flags & (O_WRONLY | O_RDWR | O_CREAT)))           \
        return REAL(name)(__VA_ARGS__);                     \
    AROUND(name, path, __VA_ARGS__)

int open(const char *path, int flags, ...) { OPENING(open, flags, path, flags, mode) }
int open64(const char *path, int flags, ...) {
    OPENING(open64, flags, path, flags, mode)
}
int openat(int folder, const char *path, int flags, ...) {
    OPENING(openat, flags, folder, path, flags, mode)
}
