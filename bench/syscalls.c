#include "syscalls.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "allowance.h"
#include "error.h"
#include "units.h"

#define PARANOID_PATH "/proc/sys/kernel/perf_event_paranoid"

const char *const syscalls_names[SYSCALLS_COUNT] = {
#define X(name) #name,
    SYSCALLS(X)
#undef X
};

const char *const syscalls_tracefs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing", NULL};

struct syscalls {
    int fds[SYSCALLS_COUNT]; /* -1: not open */
};

/* --- the tracepoint's number --- */

static bool refuse(GError **error, const char *what, const char *why, const char *advice)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "system calls cannot be counted: %s: %s%s", what, why,
                advice);
    return false;
}

static char *below(const char *folder, const char *name)
{
    return g_build_filename(folder, "events", "syscalls", name, NULL);
}

/* No folder has the tracepoint: which of the steps to it is missing? */
static bool refuse_missing(const char *const *tracefs, GError **error)
{
    bool mounted = false, there = false;
    for (const char *const *folder = tracefs; *folder; folder++) {
        g_autofree char *events = g_build_filename(*folder, "events", NULL);
        there = there || g_file_test(*folder, G_FILE_TEST_IS_DIR);
        mounted = mounted || g_file_test(events, G_FILE_TEST_IS_DIR);
    }
    if (mounted)
        return refuse(error, "no such tracepoints", "the kernel was built without CONFIG_FTRACE_SYSCALLS",
                      "");
    if (!there)
        return refuse(error, tracefs[0], "no such folder",
                      ": the kernel was built without tracing, or this container does not show it");
    g_autofree char *advice = g_strdup_printf(": mount -t tracefs nodev %s", tracefs[0]);
    return refuse(error, tracefs[0], "tracefs is not mounted", advice);
}

static bool read_id(const char *const *tracefs, const char *name, uint64_t *id, GError **error)
{
    g_autofree char *event = g_strdup_printf("sys_enter_%s/id", name);
    for (const char *const *folder = tracefs; *folder; folder++) {
        g_autofree char *path = below(*folder, event);
        g_autofree char *text = NULL;
        g_autoptr(GError) why = NULL;
        if (g_file_get_contents(path, &text, NULL, &why))
            return units_parse_digits(g_strstrip(text), id) || refuse(error, path, "not a number", "");
        if (g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            continue;
        bool denied = g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_ACCES) ||
                      g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_PERM);
        return refuse(error, path, denied ? "it may not be read" : why->message,
                      denied ? ": run as root, or let yourself read it" : "");
    }
    return refuse_missing(tracefs, error);
}

/* --- the counters --- */

static bool refuse_event(int number, GError **error)
{
    g_autofree char *text = NULL, *advice = NULL;
    bool known = g_file_get_contents(PARANOID_PATH, &text, NULL, NULL);
    if (number == EACCES || number == EPERM)
        advice = g_strdup_printf(
            ": run as root, with CAP_PERFMON, or with kernel.perf_event_paranoid at 2 or less (it is "
            "%s); a container's seccomp profile may refuse it, too",
            known ? g_strstrip(text) : "not to be read");
    else
        advice = g_strdup(allowance_advice(number));
    return refuse(error, "perf_event_open", g_strerror(number), advice);
}

/* Without the kernel's side, or it would need more rights: the tracepoint is hit with the registers of the caller,
 * so what a program calls is counted all the same. */
static int open_counter(uint64_t id, pid_t pid)
{
    struct perf_event_attr event = {.type = PERF_TYPE_TRACEPOINT,
                                    .size = sizeof event,
                                    .config = id,
                                    .inherit = 1,
                                    .exclude_kernel = 1,
                                    .exclude_hv = 1};
    return (int)syscall(SYS_perf_event_open, &event, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

struct syscalls *syscalls_open(const char *const *tracefs, pid_t pid, GError **error)
{
    struct syscalls *syscalls = g_new(struct syscalls, 1);
    for (int i = 0; i < SYSCALLS_COUNT; i++)
        syscalls->fds[i] = -1;
    for (int i = 0; i < SYSCALLS_COUNT; i++) {
        uint64_t id;
        bool found = read_id(tracefs, syscalls_names[i], &id, error);
        if (found && (syscalls->fds[i] = open_counter(id, pid)) >= 0)
            continue;
        if (found)
            refuse_event(errno, error);
        syscalls_close(syscalls);
        return NULL;
    }
    return syscalls;
}

void syscalls_close(struct syscalls *syscalls)
{
    for (int i = 0; syscalls && i < SYSCALLS_COUNT; i++)
        if (syscalls->fds[i] >= 0)
            close(syscalls->fds[i]);
    g_free(syscalls);
}

bool syscalls_read(const struct syscalls *syscalls, uint64_t calls[SYSCALLS_COUNT])
{
    for (int i = 0; i < SYSCALLS_COUNT; i++)
        if (read(syscalls->fds[i], &calls[i], sizeof calls[i]) != sizeof calls[i])
            return false;
    return true;
}

bool syscalls_possible(const char *const *tracefs, GError **error)
{
    struct syscalls *syscalls = syscalls_open(tracefs, getpid(), error);
    syscalls_close(syscalls);
    return syscalls != NULL;
}
