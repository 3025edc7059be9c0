#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allowance.h"
#include "driver/protocol.h"
#include "error.h"

/* Told through a pipe that closes on exec: nothing comes when all went well. */
struct failure {
    int error; /* errno */
    char step[32];
};

bool spawn_can_fix_addresses(void)
{
    int before = personality(0xffffffff);
    bool can = before >= 0 && personality((unsigned long)before | ADDR_NO_RANDOMIZE) >= 0;
    if (can)
        personality((unsigned long)before);
    return can;
}

/* --- in the new process, before exec: only what is safe behind a fork --- */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

/* A score that is inherited may be one that the kernel never kills, and who hits the limit then hangs. */
static bool enter_cgroup(const char *procs)
{
    return !procs ||
           (write_file(procs, "0") /* whoever writes */ && write_file("/proc/self/oom_score_adj", "1000"));
}

/* dup2 of a descriptor onto its own number would keep close-on-exec: so all are first raised above the
 * numbers they go to. */
static bool set_descriptors(int output_fd, int mark_fd, int go_fd)
{
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int from[] = {null, output_fd, output_fd, mark_fd, go_fd};
    const int to[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, PROTOCOL_MARK_FD, PROTOCOL_GO_FD};
    int raised[G_N_ELEMENTS(from)];
    for (unsigned i = 0; i < G_N_ELEMENTS(from); i++) {
        raised[i] = fcntl(from[i], F_DUPFD_CLOEXEC, PROTOCOL_GO_FD + 1);
        if (raised[i] < 0)
            return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(from); i++)
        if (dup2(raised[i], to[i]) < 0)
            return false;
    return true;
}

static void set_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Returns the step that failed, with errno; NULL when the process may become the program. */
static const char *prepare(const struct spawn_spec *spec, pid_t parent, const int fds[3])
{
    set_signals();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return "PR_SET_PDEATHSIG";
    if (getppid() != parent) /* it died before the call */
        _exit(PROTOCOL_EXIT_ORPHAN);
    if (setpgid(0, 0) != 0) /* Ctrl-C reaches us alone; we end the children */
        return "setpgid";
    if (spec->fixed_addresses) /* refused in some containers: the rows say so */
        personality((unsigned long)personality(0xffffffff) | ADDR_NO_RANDOMIZE);
    if (spec->no_huge_pages && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
        return "PR_SET_THP_DISABLE";
    if (!enter_cgroup(spec->cgroup_procs))
        return "entering its cgroup";
    if (!set_descriptors(fds[0], fds[1], fds[2]))
        return "its descriptors";
    return NULL;
}

/* Until ours closes its end, or is gone. */
static void stand_still(const int hold[2])
{
    char none;
    close(hold[1]);
    while (read(hold[0], &none, 1) < 0 && errno == EINTR)
        ;
}

static void become(const struct spawn_spec *spec, pid_t parent, const int fds[3], int tell_fd)
{
    struct failure failure = {.error = 0};
    int raised = fcntl(tell_fd, F_DUPFD_CLOEXEC, PROTOCOL_GO_FD + 1);
    const char *step = prepare(spec, parent, fds);
    if (!step) {
        execve(spec->program, spec->arguments, spec->environment);
        step = "exec";
    }
    failure.error = errno;
    strncpy(failure.step, step, sizeof failure.step - 1);
    _exit(write(raised, &failure, sizeof failure) == sizeof failure ? 1 : 2);
}

/* --- in ours --- */

static pid_t fail(GError **error, const struct spawn_spec *spec, const char *step, int number)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "%s cannot be started: %s: %s%s", spec->program, step,
                g_strerror(number), allowance_advice(number));
    return 0;
}

static bool open_pipes(int tell[2], int hold[2])
{
    if (pipe2(tell, O_CLOEXEC) != 0)
        return false;
    if (pipe2(hold, O_CLOEXEC) == 0)
        return true;
    int number = errno;
    close(tell[0]);
    close(tell[1]);
    errno = number;
    return false;
}

pid_t spawn(const struct spawn_spec *spec, int output_fd, int mark_fd, int go_fd, GError **error)
{
    const int fds[3] = {output_fd, mark_fd, go_fd};
    int tell[2], hold[2];
    if (!open_pipes(tell, hold))
        return fail(error, spec, "pipe", errno);
    pid_t parent = getpid(), pid = fork();
    int number = errno;
    if (pid == 0) {
        stand_still(hold);
        become(spec, parent, fds, tell[1]);
    }
    if (pid > 0 && spec->before_exec)
        spec->before_exec(pid, spec->data);
    close(hold[0]);
    close(hold[1]);
    close(tell[1]);
    struct failure failure;
    ssize_t got = 0;
    if (pid > 0)
        do
            got = read(tell[0], &failure, sizeof failure);
        while (got < 0 && errno == EINTR);
    close(tell[0]);
    if (pid < 0)
        return fail(error, spec, "fork", number);
    if (got != sizeof failure)
        return pid;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return fail(error, spec, failure.step, failure.error);
}
