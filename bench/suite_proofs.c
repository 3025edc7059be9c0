/* proofs.csv of a run folder. */
#include "suite.h"

#include <unistd.h>

#include "csv.h"
#include "machine.h"

static const char header[] = "allocator,setting,library,package_version,version,name,asked,in_force,verdict";

static bool write_proofs(int fd, const char *path, const struct allocator *allocator,
                         const struct allocator_setting *setting, const struct probe *probe,
                         const char *package_version, GError **error)
{
    g_autoptr(GString) row = g_string_new(NULL);
    for (guint i = 0; i < probe->proofs->len; i++) {
        const struct proof *proof = probe->proofs->pdata[i];
        const char *const fields[] = {allocator->name, setting->name,  probe->object,
                                      package_version, probe->version, proof->name,
                                      proof->asked,    proof->found,   proof_verdict_name(proof->verdict)};
        for (guint field = 0; field < G_N_ELEMENTS(fields); field++)
            csv_add_text(row, fields[field]);
        if (!csv_write_row(fd, row, path, error))
            return false;
    }
    return true;
}

char *suite_package_version(const struct options *options, const struct allocator *allocator)
{
    bool own = !g_hash_table_contains(options->preloads, allocator->name);
    return own && allocator->package ? machine_package_version(allocator->package) : NULL;
}

static bool write_allocator(const struct suite *suite, const struct options *options, int fd,
                            const char *path, const struct allocator *allocator, GError **error)
{
    if (!g_hash_table_contains(suite->probes, allocator->name))
        return true;
    g_autofree char *version = suite_package_version(options, allocator);
    for (guint i = 0; i < allocator->settings->len; i++) {
        const struct allocator_setting *setting = allocator->settings->pdata[i];
        const struct probe *probe = g_hash_table_lookup(suite->setting_probes, setting);
        if (probe && !write_proofs(fd, path, allocator, setting, probe, version, error))
            return false;
    }
    return true;
}

bool suite_write_proofs(const struct suite *suite, const struct options *options, const char *run_folder,
                        GError **error)
{
    g_autofree char *path = g_build_filename(run_folder, "proofs.csv", NULL);
    unlink(path); /* a run that is taken up again is proven again */
    int fd = csv_open_append(path, header, error);
    bool written = fd >= 0;
    for (guint i = 0; written && i < suite->allocators->len; i++)
        written = write_allocator(suite, options, fd, path, suite->allocators->pdata[i], error);
    if (fd >= 0)
        close(fd);
    return written;
}
