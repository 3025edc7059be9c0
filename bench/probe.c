#include "probe.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "behaviour.h"
#include "calls.h"
#include "error.h"
#include "listen.h"
#include "rss.h"
#include "tunables.h"

#define LIMIT_MS 10000

const char *const probe_function_names[PROBE_FUNCTION_COUNT] = {
#define X(function) #function,
    PROTOCOL_OWNED(X)
#undef X
};

static const char *preload_of(const struct probe_spec *spec)
{
    return spec->preload ? spec->preload : spec->allocator->preload;
}

/* The workload that is asked: its first program, where the allocator is built in. */
static const char *program_of(const struct probe_spec *spec, const char *otherwise)
{
    return spec->allocator->programs ? spec->allocator->programs[0] : otherwise;
}

char **probe_environment(const struct probe_spec *spec)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    if (preload_of(spec)) {
        g_autofree char *line = g_strconcat("LD_PRELOAD=", preload_of(spec), NULL);
        g_strv_builder_add(builder, line);
    }
    if (spec->setting) {
        g_auto(GStrv) lines = allocator_environment(spec->setting, spec->version);
        g_strv_builder_addv(builder, (const char **)(uintptr_t)lines);
    }
    return g_strv_builder_end(builder);
}

/* --- the questions --- */

static void ask(GPtrArray *arguments, const char *key, const char *name, const char *call)
{
    if (call)
        g_ptr_array_add(arguments, g_strconcat(key, name, "=", call, NULL));
}

static GPtrArray *arguments_of(const struct probe_spec *spec, const GPtrArray *reads)
{
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(arguments, g_strdup(spec->allocator->name));
    g_ptr_array_add(arguments, g_strdup("probe"));
    ask(arguments, "version", "", spec->allocator->version);
    ask(arguments, "debug", "", spec->allocator->debug);
    ask(arguments, "purge", "", spec->allocator->purge);
    ask(arguments, "collect", "", spec->allocator->collect);
    for (guint i = 0; i < reads->len; i++) {
        const struct allocator_variable *read = reads->pdata[i];
        if (!g_str_has_prefix(read->value, CALLS_TUNABLE))
            ask(arguments, "read.", read->name, read->value);
    }
    g_ptr_array_add(arguments, NULL);
    return arguments;
}

static void take_line(struct child *child, const char *line, void *answers)
{
    (void)child;
    const char *equals = strchr(line, '=');
    if (equals)
        g_hash_table_insert(answers, g_strndup(line, (gsize)(equals - line)), g_strdup(equals + 1));
}

static void read_tunables(const GPtrArray *reads, const char *program, char *const *environment,
                          GHashTable *answers)
{
    g_autofree char *list = NULL;
    for (guint i = 0; i < reads->len; i++) {
        const struct allocator_variable *read = reads->pdata[i];
        if (!g_str_has_prefix(read->value, CALLS_TUNABLE))
            continue;
        if (!list)
            list = tunables_list(program, environment);
        g_autofree char *name = g_strstrip(g_strdup(read->value + strlen(CALLS_TUNABLE)));
        char *value = list ? tunables_value(list, name) : NULL;
        g_hash_table_insert(answers, g_strconcat(value ? "read." : "missing.read.", read->name, NULL),
                            value ? value : g_steal_pointer(&name));
    }
}

/* --- the verdict --- */

G_GNUC_PRINTF(2, 3)
static bool refute(struct probe *probe, const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    probe->verdict = PROBE_REFUTED;
    probe->reason = g_strdup_vprintf(format, rest);
    va_end(rest);
    return false;
}

static bool is_object(const char *path, const char *object)
{
    g_autofree char *maps_line = g_strdup_printf("0-0 r-xp 0 0:0 0 %s\n", path);
    return rss_parse_maps_has(maps_line, object);
}

static bool is_same_file(const char *path, const char *other)
{
    GStatBuf first, second;
    return g_stat(path, &first) == 0 && g_stat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* What is built in is the program's own. */
static bool judge_program(struct probe *probe, const char *program)
{
    return is_same_file(probe->object, program) ||
           refute(probe, "%s does not own its heap, %s does", program, probe->object);
}

/* Without a preload the C library itself must own malloc: /etc/ld.so.preload would bring another. */
static bool judge_owner(struct probe *probe, const struct probe_spec *spec, const char *libc,
                        const char *output)
{
    const char *preload = preload_of(spec);
    if (is_object(probe->object, preload ? preload : libc))
        return true;
    if (!preload)
        return refute(probe, "%s owns malloc, and no preload was asked for", probe->object);
    bool own = !spec->preload; /* its package would bring it */
    if (own && spec->allocator->package && strstr(output, "cannot open shared object file")) {
        probe->verdict = PROBE_NOT_INSTALLED;
        probe->reason =
            g_strdup_printf("%s is not installed: apt-get install %s", preload, spec->allocator->package);
        return false;
    }
    return refute(probe, "%s does not own malloc, %s does%s%s", preload, probe->object, *output ? ": " : "",
                  output);
}

static bool judge_kin(struct probe *probe)
{
    for (int i = 0; i < PROBE_FUNCTION_COUNT; i++)
        if (strcmp(probe->owners[i], probe->object) != 0)
            return refute(probe, "%s belongs to %s, but malloc to %s", probe_function_names[i],
                          probe->owners[i], probe->object);
    return true;
}

/* Where the functions of the call named `key` lie: *object is the last one's. A call of the C library's does nothing
 * for another allocator; one in a library of its own, beside the one that interposes, may. */
static bool judge_action(struct probe *probe, GHashTable *answers, const char *key, const char *libc,
                         char **object)
{
    g_autofree char *missing_key = g_strconcat("missing.", key, NULL);
    g_autofree char *prefix = g_strconcat(key, ".", NULL);
    const char *missing = g_hash_table_lookup(answers, missing_key);
    if (missing)
        return refute(probe, "%s call %s is not in this %s", key, missing, libc ? "library" : "program");
    GHashTableIter iter;
    gpointer function, lies_in;
    g_hash_table_iter_init(&iter, answers);
    while (g_hash_table_iter_next(&iter, &function, &lies_in)) {
        if (!g_str_has_prefix(function, prefix))
            continue;
        if (g_strcmp0(lies_in, libc) == 0 && strcmp(libc, probe->object) != 0)
            return refute(probe, "%s call %s lies in %s and does nothing for %s", key,
                          (const char *)function + strlen(prefix), libc, probe->object);
        g_free(*object);
        *object = g_strdup(lies_in);
    }
    return true;
}

/* Why the call of `key` has told nothing; NULL: it has, or nobody asked. */
static char *why_untold(GHashTable *answers, const char *key)
{
    g_autofree char *missing_key = g_strconcat("missing.", key, NULL);
    g_autofree char *failed_key = g_strconcat("failed.", key, NULL);
    const char *missing = g_hash_table_lookup(answers, missing_key);
    const char *failed = g_hash_table_lookup(answers, failed_key);
    return missing  ? g_strdup_printf("%s: %s is not in the library", key, missing)
           : failed ? g_strdup_printf("%s: %s fails", key, failed)
                    : NULL;
}

static void take_answers(struct probe *probe, GHashTable *answers, bool is_built_in)
{
    for (int i = 0; i < PROBE_FUNCTION_COUNT; i++)
        probe->owners[i] = g_strdup(g_hash_table_lookup(answers, probe_function_names[i]));
    probe->object = g_strdup(g_hash_table_lookup(answers, is_built_in ? "owner" : "malloc"));
    probe->version = g_strdup(g_hash_table_lookup(answers, "version"));
    const char *debug = g_hash_table_lookup(answers, "debug");
    if (debug)
        probe->build = proof_agrees("0", debug) ? PROBE_BUILD_RELEASE : PROBE_BUILD_DEBUG;
    probe->version_why = why_untold(answers, "version");
    probe->build_why = why_untold(answers, "debug");
}

/* A process that told all, and a heap that is whose it should be. `program`: that has the allocator built in, NULL:
 * it is a library. */
static bool judge_heap(struct probe *probe, const struct probe_spec *spec, const char *program,
                       const char *libc, const char *output)
{
    if (program)
        return judge_program(probe, program);
    for (int i = 0; i < PROBE_FUNCTION_COUNT; i++)
        if (!probe->owners[i])
            return refute(probe, "the probe did not tell who owns %s", probe_function_names[i]);
    return judge_owner(probe, spec, libc, output) && judge_kin(probe);
}

/* What is told is complete when its last owner is. */
static bool judge_process(struct probe *probe, const struct probe_spec *spec, const char *program,
                          GHashTable *answers, const struct listen_end *end)
{
    const char *libc = g_hash_table_lookup(answers, "libc");
    libc = libc ? libc : g_hash_table_lookup(answers, "sanitizer");
    const char *last = program ? probe->object : libc;
    if (!end->in_time || !WIFEXITED(end->status) || WEXITSTATUS(end->status) != 0 || !last) {
        g_autofree char *how = listen_describe(end);
        return refute(probe, "the probe died: %s", how);
    }
    return judge_heap(probe, spec, program, libc, end->output) &&
           judge_action(probe, answers, "purge", libc, &probe->purge_object) &&
           judge_action(probe, answers, "collect", libc, &probe->collect_object);
}

/* --- behaviour --- */

/* A proof needs a difference: what the allocator does without the setting's environment, too, shows nothing. */
static enum proof_verdict judge_behaviour(const struct allocator_setting *setting,
                                          const struct behaviour *seen, const struct behaviour *without)
{
    const char *name = behaviour_name(seen);
    if (strcmp(name, setting->behaves) != 0)
        return PROOF_NOT_IN_FORCE;
    bool differs = setting->variables->len == 0 || strcmp(name, behaviour_name(without)) != 0;
    return differs ? PROOF_IN_FORCE : PROOF_NOT_PROVABLE;
}

static double percent(uint64_t part, uint64_t whole)
{
    return 100 * (double)part / (double)whole;
}

/* What a garbage collected allocator has dropped is not free until it has collected. */
static const char *what_frees(const struct allocator *allocator)
{
    return allocator->collect ? allocator->purge : NULL;
}

static bool prove_behaviour(struct probe *probe, const struct probe_spec *spec, char *const *environment,
                            bool sanitized, GError **error)
{
    const struct allocator_setting *setting = spec->setting;
    if (!setting->behaves)
        return true;
    if (sanitized) {
        proof_add(probe->proofs, PROOF_BEHAVIOUR, setting->behaves, "(a sanitizer owns malloc)",
                  PROOF_NOT_PROVABLE);
        return true;
    }
    struct probe_spec plain = *spec;
    plain.setting = NULL;
    struct behaviour seen, without;
    g_autoptr(GError) cause = NULL;
    g_autofree char *why = NULL;
    g_auto(GStrv) plainly = probe_environment(&plain);
    g_autofree char *program = paths_workload(spec->paths, program_of(spec, BEHAVIOUR_WORKLOAD), error);
    if (!program)
        return false;
    struct behaviour_spec watch = {.program = program,
                                   .environment = environment,
                                   .delay_ms = setting->delay_ms,
                                   .purge = what_frees(spec->allocator)};
    bool told = behaviour_watch(&seen, &watch, &why, &cause);
    watch.environment = plainly;
    if (told && behaviour_watch(&without, &watch, &why, &cause)) {
        g_autofree char *found = g_strdup_printf(
            "%s (%.0f %% stays, %.0f %% lazy; without %.0f, %.0f)", behaviour_name(&seen),
            percent(seen.left_bytes, seen.grown_bytes), percent(seen.lazy_bytes, seen.grown_bytes),
            percent(without.left_bytes, without.grown_bytes),
            percent(without.lazy_bytes, without.grown_bytes));
        proof_add(probe->proofs, PROOF_BEHAVIOUR, setting->behaves, found,
                  judge_behaviour(setting, &seen, &without));
    } else if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    } else {
        g_autofree char *found = g_strdup_printf("(%s)", why);
        proof_add(probe->proofs, PROOF_BEHAVIOUR, setting->behaves, found, PROOF_NOT_PROVABLE);
    }
    return true;
}

static bool judge_setting(struct probe *probe, const struct probe_spec *spec, char *const *environment,
                          GHashTable *answers, GError **error)
{
    proof_judge(probe->proofs, spec->allocator, spec->setting, spec->version, answers);
    bool sanitized = g_hash_table_contains(answers, "sanitizer");
    if (!prove_behaviour(probe, spec, environment, sanitized, error))
        return false;
    probe->reason = proof_complaint(probe->proofs);
    if (probe->reason)
        probe->verdict = PROBE_NOT_IN_FORCE;
    return true;
}

char *probe_why_not_built(const struct allocator *allocator, const struct paths *paths, const char *workload)
{
    g_autofree char *program =
        allocator_has_program(allocator, workload) ? paths_workload(paths, workload, NULL) : NULL;
    if (program || !allocator_has_program(allocator, workload))
        return NULL;
    return allocator->package
               ? g_strdup_printf("workload %s is not built: apt-get install %s, then build again", workload,
                                 allocator->package)
               : g_strdup_printf("workload %s is not built", workload);
}

bool probe_run(struct probe *probe, const struct probe_spec *spec, GError **error)
{
    *probe = (struct probe){.verdict = PROBE_PROVEN, .proofs = proof_list_new()};
    const char *workload = program_of(spec, "null");
    probe->reason = probe_why_not_built(spec->allocator, spec->paths, workload);
    if (probe->reason) {
        probe->verdict = PROBE_NOT_INSTALLED;
        return true;
    }
    g_autofree char *program = paths_workload(spec->paths, workload, error);
    if (!program)
        return false;
    g_autoptr(GPtrArray) reads =
        spec->setting ? allocator_applying(spec->allocator->reads, spec->version) : g_ptr_array_new();
    g_autoptr(GPtrArray) arguments = arguments_of(spec, reads);
    g_auto(GStrv) environment = probe_environment(spec);
    g_autoptr(GHashTable) answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const struct spawn_spec process = {
        .program = program, .arguments = (char *const *)arguments->pdata, .environment = environment};
    struct listen_end end;
    if (!listen_run(&process, LIMIT_MS, take_line, answers, &end, error))
        return false;
    bool is_built_in = spec->allocator->programs != NULL;
    take_answers(probe, answers, is_built_in);
    bool proven = judge_process(probe, spec, is_built_in ? program : NULL, answers, &end);
    g_free(end.output);
    if (!proven)
        probe->build = PROBE_BUILD_NOT_TOLD;
    if (!proven || !spec->setting)
        return true;
    read_tunables(reads, program, environment, answers);
    return judge_setting(probe, spec, environment, answers, error);
}

void probe_clear(struct probe *probe)
{
    for (int i = 0; i < PROBE_FUNCTION_COUNT; i++)
        g_clear_pointer(&probe->owners[i], g_free);
    g_clear_pointer(&probe->object, g_free);
    g_clear_pointer(&probe->purge_object, g_free);
    g_clear_pointer(&probe->collect_object, g_free);
    g_clear_pointer(&probe->version, g_free);
    g_clear_pointer(&probe->version_why, g_free);
    g_clear_pointer(&probe->build_why, g_free);
    g_clear_pointer(&probe->reason, g_free);
    g_clear_pointer(&probe->proofs, g_ptr_array_unref);
}
