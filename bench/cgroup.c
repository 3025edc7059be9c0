#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_files.h"
#include "error.h"
#include "machine.h"

#define PREFIX "afterfree-"
#define END_TRIES 2000 /* of a millisecond: what is killed needs time to give its memory back */

struct cgroup_site {
    int version;
    char *folder;
    char *refuge; /* the group we moved into to have `folder` free; NULL: none */
    guint made;   /* so far: groups are numbered */
};

struct cgroup {
    int version;
    char *folder, *procs;
};

/* --- files --- */

static char *read_text(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text ? g_strstrip(text) : NULL;
}

/* One write(2), as these files want it. */
static bool write_text(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int number = errno;
    if (fd >= 0)
        close(fd);
    errno = number;
    return written;
}

static bool write_number(const char *folder, const char *name, uint64_t number)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    return write_text(folder, name, text);
}

static bool has_word(const char *folder, const char *name, const char *word)
{
    g_autofree char *text = read_text(folder, name);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \n", -1);
    return g_strv_contains((const char *const *)words, word);
}

static bool exists(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return access(path, F_OK) == 0;
}

/* May groups be made in it, and processes brought in from it? */
static bool is_writable(const char *folder)
{
    g_autofree char *procs = g_build_filename(folder, "cgroup.procs", NULL);
    return access(folder, W_OK) == 0 && access(procs, W_OK) == 0;
}

/* --- names, and what was left behind --- */

/* Field 22 of /proc/PID/stat, ticks since the boot: with it a pid is never another's. 0: no such process. */
static uint64_t start_time(pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d", (int)pid);
    g_autofree char *text = read_text(folder, "stat");
    const char *behind_name = text ? strrchr(text, ')') : NULL;
    g_auto(GStrv) fields = g_strsplit(behind_name ? behind_name + 1 : "", " ", -1);
    return g_strv_length(fields) > 20 ? g_ascii_strtoull(fields[20], NULL, 10) : 0;
}

static char *new_path(const struct cgroup_site *site, const char *what)
{
    return g_strdup_printf("%s/" PREFIX "%d-%" G_GUINT64_FORMAT "-%s", site->folder, (int)getpid(),
                           start_time(getpid()), what);
}

static bool owner_is_dead(const char *name)
{
    int pid;
    guint64 start;
    return sscanf(name, PREFIX "%d-%" G_GUINT64_FORMAT "-", &pid, &start) == 2 && start_time(pid) != start;
}

/* A pid of 0 would be one of another namespace, and mean ourselves to kill(2). */
static void kill_all(const char *folder)
{
    g_autofree char *text = read_text(folder, "cgroup.procs");
    g_auto(GStrv) pids = g_strsplit(text ? text : "", "\n", -1);
    for (char **pid = pids; *pid; pid++)
        if (g_ascii_strtoll(*pid, NULL, 10) > 1)
            kill((pid_t)g_ascii_strtoll(*pid, NULL, 10), SIGKILL);
}

static bool remove_group(const char *folder)
{
    for (int i = 0; i < END_TRIES; i++) {
        if (rmdir(folder) == 0 || errno == ENOENT)
            return true;
        if (errno != EBUSY)
            return false;
        kill_all(folder);
        g_usleep(1000);
    }
    return false;
}

guint cgroup_sweep(const char *folder)
{
    guint removed = 0;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        struct stat info;
        if (lstat(path, &info) != 0 || !S_ISDIR(info.st_mode))
            continue;
        removed += cgroup_sweep(path);
        removed += g_str_has_prefix(name, PREFIX) && owner_is_dead(name) && remove_group(path);
    }
    return removed;
}

/* --- the site --- */

/* A line is ID PARENT DEVICE ROOT MOUNT OPTIONS [TAG…] - TYPE SOURCE OPTIONS, blanks in octal. */
static bool parse_mount(const char *mountinfo, int version, char **root, char **mount)
{
    g_auto(GStrv) lines = g_strsplit(mountinfo, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *behind = strstr(*line, " - ");
        g_auto(GStrv) left = g_strsplit(*line, " ", 6), right = g_strsplit(behind ? behind + 3 : "", " ", 3);
        if (g_strv_length(left) < 6 || g_strv_length(right) < 3 ||
            strcmp(right[0], CGROUP_FILES[version].type) != 0)
            continue;
        g_auto(GStrv) options = g_strsplit(right[2], ",", -1);
        if (version == 1 && !g_strv_contains((const char *const *)options, "memory"))
            continue;
        *root = g_strcompress(left[3]);
        *mount = g_strcompress(left[4]);
        return true;
    }
    return false;
}

/* Our own group's folder. In a container our path may be the host's, of which the mount shows a part (its root),
 * or nothing: then the mount is the nearest we know. */
static char *own_folder(const char *root, const char *mount, const char *path)
{
    size_t length = strlen(root);
    bool below = length > 1 && strncmp(path, root, length) == 0;
    char *folder = g_build_filename(mount, below ? path + length : path, NULL);
    while (strlen(folder) > strlen(mount) &&
           (g_str_has_suffix(folder, "/") || strstr(folder, "/..") || !exists(folder, "cgroup.procs")))
        *strrchr(folder, '/') = '\0';
    if (strlen(folder) >= strlen(mount))
        return folder;
    g_free(folder);
    return g_strdup(mount);
}

static bool is_alone(const char *folder)
{
    g_autofree char *procs = read_text(folder, "cgroup.procs");
    g_autofree char *self = g_strdup_printf("%d", (int)getpid());
    return procs && strcmp(procs, self) == 0;
}

/* Switches the controller on for our own group's children. The real root, which alone has no cgroup.type, may
 * have processes all the same. */
static bool enable(struct cgroup_site *site)
{
    if (!has_word(site->folder, "cgroup.controllers", "memory"))
        return false;
    if (exists(site->folder, "cgroup.type")) {
        if (!is_alone(site->folder))
            return false;
        g_autofree char *refuge = new_path(site, "self");
        if (mkdir(refuge, 0777) != 0)
            return false;
        site->refuge = g_steal_pointer(&refuge);
        if (!write_text(site->refuge, "cgroup.procs", "0"))
            return false;
    }
    return write_text(site->folder, "cgroup.subtree_control", "+memory");
}

static void leave_refuge(struct cgroup_site *site)
{
    if (!site->refuge)
        return;
    write_text(site->folder, "cgroup.subtree_control", "-memory");
    write_text(site->folder, "cgroup.procs", "0");
    rmdir(site->refuge);
    g_clear_pointer(&site->refuge, g_free);
}

/* From our own group up: the first in which a group with a limit can be made. */
static bool settle(struct cgroup_site *site, const char *mount)
{
    for (bool own = true;; own = false) {
        bool ready = site->version == 1 || has_word(site->folder, "cgroup.subtree_control", "memory");
        if (is_writable(site->folder) && (ready || (own && enable(site))))
            return true;
        leave_refuge(site);
        if (strlen(site->folder) <= strlen(mount))
            return false;
        *strrchr(site->folder, '/') = '\0';
    }
}

static struct cgroup_site *refuse(GError **error, const char *why, const char *where)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "no memory cgroup can be made: %s%s", why, where);
    return NULL;
}

struct cgroup_site *cgroup_find(const char *mountinfo, const char *own, GError **error)
{
    g_autofree char *mounts = mountinfo ? g_strdup(mountinfo) : read_text("/proc/self", "mountinfo");
    g_autofree char *text = own ? g_strdup(own) : read_text("/proc/self", "cgroup");
    g_autofree char *root = NULL, *mount = NULL, *path = NULL;
    int version;
    if (text)
        path = machine_parse_cgroup(text, &version);
    if (!path || !mounts || !parse_mount(mounts, version, &root, &mount))
        return refuse(error, "no hierarchy with a memory controller is mounted", "");
    cgroup_sweep(mount);
    struct cgroup_site *site = g_new0(struct cgroup_site, 1);
    site->version = version;
    site->folder = own_folder(root, mount, path);
    g_autofree char *first = g_strdup(site->folder);
    if (settle(site, mount))
        return site;
    cgroup_site_close(site);
    return refuse(
        error, version == 1 ? "not writable: " : "not writable, or without the memory controller: ", first);
}

void cgroup_site_close(struct cgroup_site *site)
{
    if (!site)
        return;
    leave_refuge(site);
    g_free(site->folder);
    g_free(site);
}

const char *cgroup_site_folder(const struct cgroup_site *site)
{
    return site->folder;
}

/* --- a group --- */

/* Without swap in the kernel there is no such file, and nothing to limit. In v1 it limits memory and swap
 * together: a page above memory's limit, which else is never hit, and its failures are not counted. */
static bool set_limit(const struct cgroup *cgroup, uint64_t limit_bytes)
{
    const struct cgroup_files *files = &CGROUP_FILES[cgroup->version];
    uint64_t swap_bytes = cgroup->version == 1 ? limit_bytes + (uint64_t)sysconf(_SC_PAGESIZE) : 0;
    return write_number(cgroup->folder, files->limit, limit_bytes) &&
           (!exists(cgroup->folder, files->swap_limit) ||
            write_number(cgroup->folder, files->swap_limit, swap_bytes));
}

struct cgroup *cgroup_new(struct cgroup_site *site, uint64_t limit_bytes, GError **error)
{
    struct cgroup *cgroup = g_new0(struct cgroup, 1);
    g_autofree char *number = g_strdup_printf("%u", ++site->made);
    cgroup->version = site->version;
    cgroup->folder = new_path(site, number);
    cgroup->procs = g_build_filename(cgroup->folder, "cgroup.procs", NULL);
    struct cgroup_counters counters = {.oom_kills = CGROUP_UNKNOWN};
    if (mkdir(cgroup->folder, 0777) == 0 && set_limit(cgroup, limit_bytes)) {
        cgroup_read(cgroup, &counters);
        errno = ENOTSUP; /* before Linux 4.13: kills are not counted, and no oom could be told exactly */
    }
    if (counters.oom_kills != CGROUP_UNKNOWN)
        return cgroup;
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "memory cgroup %s: %s", cgroup->folder,
                g_strerror(errno));
    cgroup_free(cgroup);
    return NULL;
}

void cgroup_free(struct cgroup *cgroup)
{
    if (!cgroup)
        return;
    if (!remove_group(cgroup->folder))
        fprintf(stderr, "afterfree: memory cgroup %s cannot be removed: %s\n", cgroup->folder,
                g_strerror(errno));
    g_free(cgroup->folder);
    g_free(cgroup->procs);
    g_free(cgroup);
}

const char *cgroup_procs(const struct cgroup *cgroup)
{
    return cgroup->procs;
}

/* --- counters --- */

/* The number behind `key` and a separator, or the text's only one. */
static uint64_t number_in(const char *text, const char *key, char separator)
{
    const char *at = text;
    size_t length = key ? strlen(key) : 0;
    while (at && key && !(strncmp(at, key, length) == 0 && at[length] == separator)) {
        at = strpbrk(at, " \n");
        at = at ? at + 1 : NULL;
    }
    if (key && at)
        at += length + 1;
    return at && g_ascii_isdigit(*at) ? g_ascii_strtoull(at, NULL, 10) : CGROUP_UNKNOWN;
}

static uint64_t read_counter(const char *folder, struct cgroup_counter counter)
{
    g_autofree char *text = counter.file ? read_text(folder, counter.file) : NULL;
    return number_in(text, counter.key, ' ');
}

void cgroup_read(const struct cgroup *cgroup, struct cgroup_counters *counters)
{
    cgroup_read_folder(cgroup->folder, cgroup->version, counters);
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup)
{
    return read_counter(cgroup->folder, CGROUP_FILES[cgroup->version].oom_kills);
}

void cgroup_read_folder(const char *folder, int version, struct cgroup_counters *counters)
{
    const struct cgroup_files *files = &CGROUP_FILES[version];
    g_autofree char *pressure = files->pressure ? read_text(folder, files->pressure) : NULL;
    uint64_t stall_us = number_in(pressure, "total", '='); /* the first line is `some` */
    *counters = (struct cgroup_counters){
        .peak_bytes = read_counter(folder, (struct cgroup_counter){files->peak, NULL}),
        .failures = read_counter(folder, files->failures),
        .oom_kills = read_counter(folder, files->oom_kills),
        .stall_ns = stall_us == CGROUP_UNKNOWN ? CGROUP_UNKNOWN : stall_us * 1000};
}

void cgroup_read_memory(const struct cgroup *cgroup, struct cgroup_memory *memory)
{
    cgroup_read_memory_folder(cgroup->folder, cgroup->version, memory);
}

void cgroup_read_memory_folder(const char *folder, int version, struct cgroup_memory *memory)
{
    const struct cgroup_files *files = &CGROUP_FILES[version];
    uint64_t usage = read_counter(folder, (struct cgroup_counter){files->usage, NULL});
    uint64_t cache = read_counter(folder, (struct cgroup_counter){"memory.stat", files->inactive_file});
    bool known = usage != CGROUP_UNKNOWN && cache != CGROUP_UNKNOWN;
    *memory = (struct cgroup_memory){.usage_bytes = usage,
                                     .working_bytes = known ? usage - MIN(cache, usage) : CGROUP_UNKNOWN};
}
