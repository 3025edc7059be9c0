#include "machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroup_files.h"

#ifndef AFTERFREE_VERSION /* comes from the build */
#define AFTERFREE_VERSION ""
#endif

/* v2 writes "max" for no limit, v1 the largest multiple of a page below 2^63. */
#define NO_LIMIT_BYTES (UINT64_C(1) << 62)

static char *read_text(const char *path)
{
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text) : g_strdup("");
}

bool machine_parse_meminfo(const char *text, const char *field, uint64_t *bytes)
{
    size_t length = strlen(field);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        unsigned long long kilobytes;
        char unit[3];
        line += *line == '\n';
        if (strncmp(line, field, length) != 0 || line[length] != ':')
            continue;
        if (sscanf(line + length + 1, "%llu %2s", &kilobytes, unit) != 2 || strcmp(unit, "kB") != 0)
            return false;
        *bytes = kilobytes * 1024;
        return true;
    }
    return false;
}

/* A line is ID:CONTROLLERS:PATH; the path may hold colons. */
char *machine_parse_cgroup(const char *text, int *version)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    char *unified = NULL;
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
        if (g_strv_length(fields) != 3)
            continue;
        g_auto(GStrv) controllers = g_strsplit(fields[1], ",", -1);
        if (g_strv_contains((const char *const *)controllers, "memory")) {
            g_free(unified);
            *version = 1;
            return g_strdup(fields[2]);
        }
        if (strcmp(fields[0], "0") == 0 && *fields[1] == '\0' && !unified)
            unified = g_strdup(fields[2]);
    }
    if (unified)
        *version = 2;
    return unified;
}

static bool read_bytes(const char *folder, const char *file, uint64_t *bytes)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autofree char *text = read_text(path);
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, bytes, NULL);
}

static uint64_t read_stat(const char *folder, const char *field)
{
    g_autofree char *path = g_build_filename(folder, "memory.stat", NULL);
    g_autofree char *text = read_text(path);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    size_t length = strlen(field);
    for (char **line = lines; *line; line++)
        if (strncmp(*line, field, length) == 0 && (*line)[length] == ' ')
            return g_ascii_strtoull(*line + length, NULL, 10);
    return 0;
}

/* What one group alone says. */
static bool read_level(const char *folder, const struct cgroup_files *files, struct machine_cgroup *level)
{
    uint64_t usage_bytes;
    if (!read_bytes(folder, files->limit, &level->limit_bytes) || level->limit_bytes >= NO_LIMIT_BYTES ||
        !read_bytes(folder, files->usage, &usage_bytes))
        return false;
    uint64_t cache_bytes = read_stat(folder, files->inactive_file);
    uint64_t held_bytes = usage_bytes > cache_bytes ? usage_bytes - cache_bytes : 0;
    level->available_bytes = level->limit_bytes > held_bytes ? level->limit_bytes - held_bytes : 0;
    return true;
}

/* In a container the path may be the host's and not exist below our mount, whose root is then our own group;
 * or it begins with /.. (a group outside our namespace). Walking up gets to the root either way. */
bool machine_read_cgroup(const char *mount, const char *path, int version, struct machine_cgroup *cgroup)
{
    struct machine_cgroup tightest = {UINT64_MAX, UINT64_MAX}, level;
    g_autofree char *below = g_strdup(g_str_has_prefix(path, "/..") ? "/" : path);
    for (;;) {
        g_autofree char *folder = g_build_filename(mount, below, NULL);
        if (read_level(folder, &CGROUP_FILES[version], &level)) {
            tightest.limit_bytes = MIN(tightest.limit_bytes, level.limit_bytes);
            tightest.available_bytes = MIN(tightest.available_bytes, level.available_bytes);
        }
        char *slash = strrchr(below, '/');
        if (!slash || *below == '\0')
            break;
        *slash = '\0';
    }
    if (tightest.limit_bytes == UINT64_MAX)
        return false;
    *cgroup = tightest;
    return true;
}

bool machine_read_own_cgroup(struct machine_cgroup *cgroup)
{
    int version;
    g_autofree char *text = read_text("/proc/self/cgroup");
    g_autofree char *path = machine_parse_cgroup(text, &version);
    return path && machine_read_cgroup(CGROUP_FILES[version].mount, path, version, cgroup);
}

uint64_t machine_available_bytes(void)
{
    uint64_t available_bytes;
    struct machine_cgroup cgroup;
    g_autofree char *meminfo = read_text("/proc/meminfo");
    if (!machine_parse_meminfo(meminfo, "MemAvailable", &available_bytes))
        available_bytes = 0;
    if (!machine_read_own_cgroup(&cgroup))
        return available_bytes;
    return available_bytes == 0 ? cgroup.available_bytes : MIN(available_bytes, cgroup.available_bytes);
}

/* What a program (and its arguments, up to NULL) says on stdout; NULL if it cannot be run or fails. */
G_GNUC_NULL_TERMINATED
static char *ask(const char *program, ...)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) environment = g_get_environ();
    g_autofree char *answer = NULL;
    int status;
    va_list arguments;
    va_start(arguments, program);
    for (const char *word = program; word; word = va_arg(arguments, const char *))
        g_ptr_array_add(argv, g_strdup(word));
    va_end(arguments);
    g_ptr_array_add(argv, NULL);
    environment = g_environ_unsetenv(environment, "GIT_DIR"); /* set in hooks, and stronger than -C */
    environment = g_environ_unsetenv(environment, "GIT_WORK_TREE");
    environment = g_environ_unsetenv(environment, "GIT_INDEX_FILE");
    if (!g_spawn_sync(NULL, (char **)argv->pdata, environment,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &answer, NULL, &status,
                      NULL) ||
        status != 0)
        return NULL;
    return g_strstrip(g_steal_pointer(&answer));
}

/* One line per architecture; a removed package is still known by its configuration. */
char *machine_package_version(const char *package)
{
    g_autofree char *answer =
        ask("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}\n", "--", package, NULL);
    g_auto(GStrv) lines = g_strsplit(answer ? answer : "", "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "installed "))
            return g_strdup(*line + strlen("installed "));
    return NULL;
}

/* Without the look for .git, a source archive unpacked inside another repository would get that one's. */
static char *git_revision(const char *source_dir)
{
    g_autofree char *git = source_dir ? g_build_filename(source_dir, ".git", NULL) : NULL;
    if (!git || !g_file_test(git, G_FILE_TEST_EXISTS))
        return NULL;
    return ask("git", "--no-optional-locks", "-C", source_dir, "describe", "--always", "--dirty", NULL);
}

char *machine_parse_choice(const char *text)
{
    const char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
    return close ? g_strndup(open + 1, (gsize)(close - open - 1)) : g_strdup("");
}

static char *read_choice(const char *path)
{
    g_autofree char *text = read_text(path);
    return machine_parse_choice(text);
}

static char *cpu_model(void)
{
    g_autofree char *text = read_text("/proc/cpuinfo");
    const char *line = strstr(text, "model name"), *colon = line ? strchr(line, ':') : NULL;
    return colon ? g_strstrip(g_strndup(colon + 1, strcspn(colon + 1, "\n"))) : g_strdup("");
}

/* Does the guest hand freed pages back to its host? Then touching them again costs more, and not always the
 * same. It does if a virtio balloon (device 5) has agreed on VIRTIO_BALLOON_F_REPORTING (feature bit 5). */
static bool has_page_reporting(void)
{
    static const char DEVICES[] = "/sys/bus/virtio/devices";
    g_autoptr(GDir) folder = g_dir_open(DEVICES, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *device_path = g_build_filename(DEVICES, name, "device", NULL);
        g_autofree char *features_path = g_build_filename(DEVICES, name, "features", NULL);
        g_autofree char *device = read_text(device_path), *features = read_text(features_path);
        if (strcmp(device, "0x0005") == 0 && strlen(features) > 5 && features[5] == '1')
            return true;
    }
    return false;
}

static void set(GKeyFile *file, const char *key, const char *value)
{
    g_key_file_set_string(file, "machine", key, value ? value : "");
}

/* Takes the text. */
static void put(GKeyFile *file, const char *key, char *value)
{
    set(file, key, value);
    g_free(value);
}

static void set_meminfo(GKeyFile *file, const char *key, const char *meminfo, const char *field)
{
    uint64_t bytes;
    if (machine_parse_meminfo(meminfo, field, &bytes))
        g_key_file_set_uint64(file, "machine", key, bytes);
    else
        set(file, key, "");
}

static void describe_memory(GKeyFile *file)
{
    g_autofree char *meminfo = read_text("/proc/meminfo");
    struct machine_cgroup cgroup;
    set_meminfo(file, "memory_bytes", meminfo, "MemTotal");
    set_meminfo(file, "swap_bytes", meminfo, "SwapTotal");
    g_key_file_set_int64(file, "machine", "page_bytes", sysconf(_SC_PAGESIZE));
    put(file, "thp_enabled", read_choice("/sys/kernel/mm/transparent_hugepage/enabled"));
    put(file, "thp_defrag", read_choice("/sys/kernel/mm/transparent_hugepage/defrag"));
    put(file, "overcommit_memory", read_text("/proc/sys/vm/overcommit_memory"));
    if (machine_read_own_cgroup(&cgroup))
        g_key_file_set_uint64(file, "machine", "cgroup_limit_bytes", cgroup.limit_bytes);
    else
        set(file, "cgroup_limit_bytes", "");
    set(file, "page_reporting", has_page_reporting() ? "yes" : "no");
}

GKeyFile *machine_describe(const char *source_dir)
{
    GKeyFile *file = g_key_file_new();
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *load = read_text("/proc/loadavg");
    char host[256] = "";
    struct utsname names;
    set(file, "host", gethostname(host, sizeof host - 1) == 0 ? host : "");
    put(file, "kernel", uname(&names) == 0 ? g_strdup_printf("%s %s", names.release, names.machine) : NULL);
    put(file, "cpu", cpu_model());
    g_key_file_set_uint64(file, "machine", "cores", g_get_num_processors()); /* sched_getaffinity: ours */
    load[strcspn(load, " ")] = '\0';
    set(file, "load_1min", load);
    describe_memory(file);
    put(file, "git_revision", git_revision(source_dir));
    set(file, "afterfree_version", AFTERFREE_VERSION);
    put(file, "started_utc", g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ"));
    return file;
}
