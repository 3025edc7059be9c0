#include "rss.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The descriptors that stay open. smaps_rollup is not among them: its descriptor keeps the address space it
 * was opened on, and fails after an exec; opening it anew costs little next to reading it. */
enum { STATM, STATUS, CLEAR_REFS, SCHEDSTAT, FILES };

static const struct {
    const char *name;
    int flags;
    bool optional; /* not every kernel has it */
} FILE_TABLE[FILES] = {
    [STATM] = {"statm", O_RDONLY, false},
    [STATUS] = {"status", O_RDONLY, false},
    [CLEAR_REFS] = {"clear_refs", O_WRONLY, false},
    [SCHEDSTAT] = {"schedstat", O_RDONLY, true},
};

struct rss {
    int folder; /* /proc/PID: stays with the process even if its number is given to another */
    int files[FILES];
    uint64_t page_bytes;
};

bool rss_parse_statm(const char *text, uint64_t page_bytes, uint64_t *rss_bytes)
{
    char *end;
    uint64_t size = g_ascii_strtoull(text, &end, 10); /* no scanf: this one runs on every tick */
    const char *second = end;
    uint64_t resident = g_ascii_strtoull(second, &end, 10);
    if (size == 0 || end == second)
        return false;
    *rss_bytes = resident * page_bytes;
    return true;
}

/* A line "Name:   123 kB". */
static bool parse_kb(const char *text, const char *name, uint64_t *bytes)
{
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        uint64_t kilobytes;
        char unit[3];
        line += *line == '\n';
        if (strncmp(line, name, length) != 0 || line[length] != ':')
            continue;
        if (sscanf(line + length + 1, "%" SCNu64 " %2s", &kilobytes, unit) != 2 || strcmp(unit, "kB") != 0)
            return false;
        *bytes = kilobytes * 1024;
        return true;
    }
    return false;
}

bool rss_parse_rollup(const char *text, struct rss_rollup *rollup)
{
    struct rss_rollup parsed;
    if (!parse_kb(text, "Rss", &parsed.rss_bytes) || !parse_kb(text, "Anonymous", &parsed.anonymous_bytes) ||
        !parse_kb(text, "LazyFree", &parsed.lazy_bytes) ||
        !parse_kb(text, "AnonHugePages", &parsed.anon_huge_bytes))
        return false;
    *rollup = parsed;
    return true;
}

bool rss_parse_peak(const char *status_text, uint64_t *peak_bytes)
{
    return parse_kb(status_text, "VmHWM", peak_bytes);
}

bool rss_parse_sched(const char *text, struct rss_sched *sched)
{
    struct rss_sched parsed;
    if (sscanf(text, "%" SCNu64 " %" SCNu64, &parsed.running_ns, &parsed.waiting_ns) != 2)
        return false;
    *sched = parsed;
    return true;
}

/* libfoo.so.2 names libfoo.so.2 and libfoo.so.2.0, not libfoo.so.20. A path wants its own folder, too: the
 * library one has just built must not be proven by the installed one of the same name. */
static bool is_object(const char *path, const char *object)
{
    bool has_folder = strchr(object, '/') != NULL;
    const char *name = has_folder ? path : strrchr(path, '/') + 1;
    size_t length = strlen(object);
    return strncmp(name, object, length) == 0 &&
           (name[length] == '\0' || (name[length] == '.' && g_ascii_isdigit(name[length + 1])));
}

bool rss_parse_maps_has(const char *maps_text, const char *object)
{
    g_auto(GStrv) lines = g_strsplit(maps_text, "\n", -1);
    for (char **line = lines; *line; line++) {
        int path_at = 0;
        sscanf(*line, "%*s %*s %*s %*s %*s %n", &path_at);
        char *path = *line + path_at;
        if (path_at == 0 || *path != '/')
            continue;
        if (g_str_has_suffix(path, " (deleted)"))
            path[strlen(path) - strlen(" (deleted)")] = '\0';
        if (is_object(path, object))
            return true;
    }
    return false;
}

static bool refuse(pid_t pid, const char *name, GError **error)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "/proc/%d/%s: %s", (int)pid, name, g_strerror(errno));
    return false;
}

static bool open_files(struct rss *rss, pid_t pid, GError **error)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d", (int)pid);
    rss->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (rss->folder < 0)
        return refuse(pid, "", error);
    for (int i = 0; i < FILES; i++) {
        rss->files[i] = openat(rss->folder, FILE_TABLE[i].name, FILE_TABLE[i].flags | O_CLOEXEC);
        if (rss->files[i] < 0 && !FILE_TABLE[i].optional)
            return refuse(pid, FILE_TABLE[i].name, error);
    }
    int rollup = openat(rss->folder, "smaps_rollup", O_RDONLY | O_CLOEXEC);
    if (rollup < 0)
        return refuse(pid, "smaps_rollup", error);
    close(rollup);
    return true;
}

struct rss *rss_open(pid_t pid, GError **error)
{
    struct rss *rss = g_new(struct rss, 1);
    *rss = (struct rss){.folder = -1, .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE)};
    for (int i = 0; i < FILES; i++)
        rss->files[i] = -1;
    if (open_files(rss, pid, error))
        return rss;
    rss_close(rss);
    return NULL;
}

void rss_close(struct rss *rss)
{
    if (!rss)
        return;
    for (int i = 0; i < FILES; i++)
        if (rss->files[i] >= 0)
            close(rss->files[i]);
    if (rss->folder >= 0)
        close(rss->folder);
    g_free(rss);
}

/* The wanted lines stand well before the end of the buffer (VmHWM is line 21 of status). */
static bool read_text(int fd, char *text, size_t size)
{
    ssize_t length;
    do
        length = pread(fd, text, size - 1, 0);
    while (length < 0 && errno == EINTR);
    if (length <= 0)
        return false;
    text[length] = '\0';
    return true;
}

bool rss_read_now(struct rss *rss, uint64_t *rss_bytes)
{
    char text[128];
    return read_text(rss->files[STATM], text, sizeof text) &&
           rss_parse_statm(text, rss->page_bytes, rss_bytes);
}

bool rss_read_rollup(struct rss *rss, struct rss_rollup *rollup)
{
    char text[4096];
    int fd = openat(rss->folder, "smaps_rollup", O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && read_text(fd, text, sizeof text) && rss_parse_rollup(text, rollup);
    if (fd >= 0)
        close(fd);
    return good;
}

bool rss_read_peak(struct rss *rss, uint64_t *peak_bytes)
{
    char text[4096];
    return read_text(rss->files[STATUS], text, sizeof text) && rss_parse_peak(text, peak_bytes);
}

bool rss_reset_peak(struct rss *rss)
{
    return write(rss->files[CLEAR_REFS], "5", 1) == 1;
}

bool rss_read_sched(struct rss *rss, struct rss_sched *sched)
{
    char text[128];
    return read_text(rss->files[SCHEDSTAT], text, sizeof text) && rss_parse_sched(text, sched);
}

/* maps shows the file behind links (/lib is often one to /usr/lib). */
bool rss_maps_has(pid_t pid, const char *object)
{
    g_autofree char *maps_path = g_strdup_printf("/proc/%d/maps", (int)pid);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(maps_path, &text, NULL, NULL))
        return false;
    if (rss_parse_maps_has(text, object))
        return true;
    char *real = *object == '/' ? realpath(object, NULL) : NULL;
    bool mapped = real && rss_parse_maps_has(text, real);
    free(real);
    return mapped;
}
