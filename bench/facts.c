#include "facts.h"

#include <stdio.h>
#include <sys/resource.h>

#include "admission.h"
#include "allowance.h"
#include "machine.h"

/* "" where it cannot be read; caller frees. */
static char *sum_of(const char *path)
{
    g_autoptr(GMappedFile) file = path ? g_mapped_file_new(path, FALSE, NULL) : NULL;
    g_autoptr(GBytes) content = file ? g_mapped_file_get_bytes(file) : NULL;
    return content ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, content) : g_strdup("");
}

GKeyFile *facts_describe(const struct suite *suite, const struct options *options, const char *command_line)
{
    GKeyFile *file = machine_describe(suite->paths.source_dir);
    for (guint i = 0; i < suite->allocators->len; i++) {
        const struct allocator *allocator = suite->allocators->pdata[i];
        const struct probe *probe = g_hash_table_lookup(suite->probes, allocator->name);
        if (!probe)
            continue;
        g_autofree char *group = g_strdup_printf("allocator %s", allocator->name);
        g_autofree char *package = suite_package_version(options, allocator);
        g_autofree char *sum = sum_of(probe->object);
        g_key_file_set_string(file, group, "package", allocator->package ? allocator->package : "");
        g_key_file_set_string(file, group, "package_version", package ? package : "");
        g_key_file_set_string(file, group, "version", probe->version ? probe->version : "");
        g_key_file_set_string(file, group, "library", probe->object ? probe->object : "");
        g_key_file_set_string(file, group, "library_sha256", sum);
        g_key_file_set_string(file, group, "installed", probe->verdict == PROBE_PROVEN ? "yes" : "no");
    }
    g_key_file_set_string(file, "run", "command", command_line);
    bool fixed = options->pass == PLAN_MEMORY && spawn_can_fix_addresses();
    g_key_file_set_string(file, "run", "fixed_addresses", fixed ? "yes" : "no");
    guint64 limit = allowance_address_space_bytes();
    if (limit > 0)
        fprintf(stderr,
                "afterfree: warning: a limit of %" G_GUINT64_FORMAT " bytes of address space is inherited by "
                "every process (ulimit -v): cells may fail for it\n",
                limit);
    if (!fixed && options->pass == PLAN_MEMORY)
        fputs("afterfree: address randomisation cannot be turned off here: RSS will differ a little from run "
              "to "
              "run\n",
              stderr);
    return file;
}

void facts_add_cost(GKeyFile *file, const char *group, const struct matrix_outcome *outcome)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    double wall_s = (double)outcome->wall_ns / 1e9;
    g_key_file_set_uint64(file, group, "wall_ms", outcome->wall_ns / 1000000);
    g_key_file_set_uint64(file, group, "sum_of_phases_ms", outcome->phases_ms);
    g_key_file_set_uint64(file, group, "orchestrator_cpu_ms", (uint64_t)(cpu_s * 1000));
    g_key_file_set_uint64(file, group, "orchestrator_peak_rss_bytes", (uint64_t)usage.ru_maxrss * 1024);
    g_autofree char *share = g_strdup_printf("%.4f", wall_s > 0 ? cpu_s / wall_s : 0);
    g_key_file_set_string(file, group, "orchestrator_cpu_share", share);
    g_key_file_set_string(file, group, "interrupted", outcome->interrupted ? "yes" : "no");
}

bool facts_add_admission(GKeyFile *file, const char *run_folder, bool quiet, GError **error)
{
    struct admission_margin margin;
    bool read = admission_read_margin(&margin, run_folder, error);
    if (read && margin.cell) {
        g_autofree char *least = g_strdup_printf("%.3f", margin.least);
        g_key_file_set_string(file, "run", "admission_least_margin", least);
        g_key_file_set_string(file, "run", "admission_least_margin_cell", margin.cell);
        if (!quiet && margin.least < 1)
            fprintf(stderr, "expected over measured peak: %s at the least (%s)\n", least, margin.cell);
    }
    if (read && margin.over->len > 0)
        fprintf(stderr,
                "afterfree: warning: the estimate of memory was too low, runs side by side may run out of it "
                "(use --jobs 1):\n%s",
                margin.over->str);
    admission_margin_clear(&margin);
    return read;
}
