#include "thp.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "machine.h"

static const char *const names[THP_MODES] = {
    [THP_AS_IS] = "", [THP_NEVER] = "never", [THP_MADVISE] = "madvise", [THP_ALWAYS] = "always"};

struct thp {
    char *path;
    enum thp_mode original, current;
    int lock_fd, pipe_fd; /* the guardian waits for the end of file of the pipe */
    pid_t guardian;
};

const char *thp_name(enum thp_mode mode)
{
    return names[mode];
}

bool thp_parse(const char *word, enum thp_mode *mode)
{
    for (int i = THP_NEVER; i < THP_MODES; i++)
        if (strcmp(word, names[i]) == 0) {
            *mode = (enum thp_mode)i;
            return true;
        }
    return false;
}

enum thp_mode thp_parse_system(const char *text)
{
    enum thp_mode mode;
    g_autofree char *chosen = machine_parse_choice(text);
    g_autofree char *word = *chosen ? g_steal_pointer(&chosen) : g_strstrip(g_strdup(text));
    return thp_parse(word, &mode) ? mode : THP_NEVER;
}

enum thp_mode thp_read(const char *path)
{
    g_autofree char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? thp_parse_system(text) : THP_NEVER;
}

bool thp_suffices(enum thp_mode asked, enum thp_mode system)
{
    return asked == THP_AS_IS || asked == THP_NEVER || asked == system;
}

/* Safe behind a fork. */
static bool write_mode(const char *path, enum thp_mode mode)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    ssize_t length = (ssize_t)strlen(names[mode]);
    bool written = fd >= 0 && write(fd, names[mode], (size_t)length) == length;
    if (fd >= 0)
        close(fd);
    return written;
}

/* --- the guardian: only what is safe behind a fork --- */

/* What else we have open, its own copy of the pipe's writing end among it, is none of its business. */
static void keep_only(int first, int second)
{
    unsigned low = (unsigned)MIN(first, second), high = (unsigned)MAX(first, second);
    int null = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    close_range(STDERR_FILENO + 1, low - 1, 0);
    close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0u, 0);
}

static void guard(const struct thp *thp, int wait_fd)
{
    char byte;
    ssize_t got;
    setsid();
    keep_only(wait_fd, thp->lock_fd);
    do
        got = read(wait_fd, &byte, 1);
    while (got > 0 || (got < 0 && errno == EINTR));
    _exit(write_mode(thp->path, thp->original) ? 0 : 1);
}

/* --- ours --- */

static bool fail(GError **error, const char *path, const char *why)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "--set-thp: %s: %s", path, why);
    return false;
}

static bool start_guardian(struct thp *thp, GError **error)
{
    int ends[2];
    sigset_t all, before;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(error, thp->path, g_strerror(errno));
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* the guardian keeps it, and is never without */
    thp->guardian = fork();
    if (thp->guardian == 0)
        guard(thp, ends[0]);
    int number = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[0]);
    thp->pipe_fd = ends[1];
    return thp->guardian > 0 || fail(error, thp->path, g_strerror(number));
}

static bool borrow(struct thp *thp, GError **error)
{
    thp->lock_fd = open(thp->path, O_RDWR | O_CLOEXEC);
    if (thp->lock_fd < 0) {
        g_autofree char *why =
            g_strdup_printf("%s: changing the system's mode needs root", g_strerror(errno));
        return fail(error, thp->path, why);
    }
    if (flock(thp->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return fail(error, thp->path, "another run has changed the mode: wait for its end");
    thp->original = thp->current = thp_read(thp->path);
    return start_guardian(thp, error);
}

static void thp_free(struct thp *thp)
{
    if (thp->pipe_fd >= 0)
        close(thp->pipe_fd);
    if (thp->lock_fd >= 0)
        close(thp->lock_fd);
    g_free(thp->path);
    g_free(thp);
}

struct thp *thp_borrow(const char *path, GError **error)
{
    struct thp *thp = g_new0(struct thp, 1);
    thp->path = g_strdup(path);
    thp->lock_fd = thp->pipe_fd = -1;
    if (borrow(thp, error))
        return thp;
    thp_free(thp);
    return NULL;
}

static enum thp_mode needed(const struct thp *thp, enum thp_mode asked)
{
    return asked == THP_AS_IS ? thp->original : asked;
}

bool thp_holds(const struct thp *thp, enum thp_mode asked)
{
    return !thp || asked == THP_NEVER || needed(thp, asked) == thp->current;
}

bool thp_set(struct thp *thp, enum thp_mode asked, GError **error)
{
    if (thp_holds(thp, asked))
        return true;
    enum thp_mode mode = needed(thp, asked);
    if (!write_mode(thp->path, mode) || thp_read(thp->path) != mode) {
        g_autofree char *why = g_strdup_printf("the mode %s is not taken", names[mode]);
        return fail(error, thp->path, why);
    }
    thp->current = mode;
    return true;
}

bool thp_give_back(struct thp *thp, GError **error)
{
    if (!thp)
        return true;
    close(thp->pipe_fd);
    thp->pipe_fd = -1;
    while (waitpid(thp->guardian, NULL, 0) < 0 && errno == EINTR)
        ;
    bool back = thp_read(thp->path) == thp->original;
    if (!back) {
        g_autofree char *why =
            g_strdup_printf("the mode is not back: echo %s > %s", names[thp->original], thp->path);
        fail(error, thp->path, why);
    }
    thp_free(thp);
    return back;
}
