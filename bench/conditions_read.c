/* conditions_read: the readings of conditions.h, a dozen small files of /proc and /sys. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "conditions.h"
#include "machine.h"

#define KHUGEPAGED "/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed"
#define REPORTED "/sys/module/page_reporting/parameters/reported_kib"
#define GOVERNOR "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"

static char *read_text(const char *path)
{
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text) : g_strdup("");
}

static uint64_t read_number(const char *path)
{
    guint64 number;
    g_autofree char *text = read_text(path);
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &number, NULL) ? number : RECORD_UNKNOWN;
}

/* Guest time is part of user time already: the fields behind steal are left out. */
bool conditions_parse_stat(const char *text, uint64_t tick_ns, struct conditions_reading *reading)
{
    unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
    if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &iowait,
               &irq, &softirq, &steal) != 8)
        return false;
    uint64_t busy = user + nice + system + irq + softirq;
    reading->busy_cpu_ns = busy * tick_ns;
    reading->steal_ns = steal * tick_ns;
    reading->total_cpu_ns = (busy + idle + iowait + steal) * tick_ns;
    return true;
}

bool conditions_parse_count(const char *text, const char *name, uint64_t *value)
{
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            *value = g_ascii_strtoull(line + length, NULL, 10);
            return true;
        }
    }
    return false;
}

static uint64_t cpu_ns_of(clockid_t clock)
{
    struct timespec time;
    return clock_gettime(clock, &time) == 0 ? (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec
                                            : 0;
}

/* A process's own CPU clock, all its threads; a system call instead of a file to parse. */
void conditions_add_own(struct conditions_own *own, pid_t pid, uint64_t rss_bytes)
{
    clockid_t clock;
    if (pid <= 0) /* reaped: it is among our children's */
        return;
    own->rss_bytes += rss_bytes;
    if (clock_getcpuclockid(pid, &clock) == 0)
        own->cpu_ns += cpu_ns_of(clock);
}

static uint64_t reaped_cpu_ns(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

static void read_memory(struct conditions_reading *reading)
{
    struct machine_cgroup cgroup;
    g_autofree char *meminfo = read_text("/proc/meminfo");
    if (!machine_parse_meminfo(meminfo, "MemTotal", &reading->memory_bytes) ||
        !machine_parse_meminfo(meminfo, "MemAvailable", &reading->available_bytes))
        reading->memory_bytes = reading->available_bytes = RECORD_UNKNOWN;
    if (!machine_parse_meminfo(meminfo, "SwapTotal", &reading->swap_bytes))
        reading->swap_bytes = RECORD_UNKNOWN;
    reading->limit_bytes = machine_read_own_cgroup(&cgroup) ? cgroup.limit_bytes : RECORD_UNKNOWN;
}

static void read_swapping(struct conditions_reading *reading)
{
    const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t in, out;
    g_autofree char *vmstat = read_text("/proc/vmstat");
    reading->swap_in_bytes = reading->swap_out_bytes = RECORD_UNKNOWN;
    if (!conditions_parse_count(vmstat, "pswpin", &in) || !conditions_parse_count(vmstat, "pswpout", &out))
        return;
    reading->swap_in_bytes = in * page_bytes;
    reading->swap_out_bytes = out * page_bytes;
}

void conditions_read(struct conditions_reading *reading, const struct conditions_own *own, uint64_t now_ns)
{
    g_autofree char *stat = read_text("/proc/stat"), *governor = read_text(GOVERNOR);
    *reading = (struct conditions_reading){.at_ns = now_ns, .own_rss_bytes = own->rss_bytes};
    reading->own_cpu_ns = own->cpu_ns + cpu_ns_of(CLOCK_PROCESS_CPUTIME_ID) + reaped_cpu_ns();
    if (!conditions_parse_stat(stat, 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK), reading))
        reading->total_cpu_ns = reading->busy_cpu_ns = reading->steal_ns = RECORD_UNKNOWN;
    read_swapping(reading);
    read_memory(reading);
    reading->khugepaged_collapsed = read_number(KHUGEPAGED);
    uint64_t reported_kib = read_number(REPORTED);
    reading->reported_bytes = reported_kib == RECORD_UNKNOWN ? RECORD_UNKNOWN : reported_kib * 1024;
    reading->overcommit = read_number("/proc/sys/vm/overcommit_memory");
    reading->thp = thp_read(THP_PATH);
    g_strlcpy(reading->governor, governor, sizeof reading->governor);
}
