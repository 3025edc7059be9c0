#include "conditions.h"

#include <string.h>

#include "allocator.h"

/* What is wrong with it, and what to do. */
static const struct {
    const char *word, *harm, *cure;
} kinds[CONDITION_COUNT] = {
    [CONDITION_THP_ALWAYS] =
        {"thp-always", "memory comes and goes by 2 MiB, and khugepaged can raise the RSS of an idle process",
         "echo madvise > " THP_PATH ", or let the plan ask: thp = never in its [cells …]"},
    [CONDITION_SWAP_ON] = {"swap-on", "pages swapped out leave RSS without being given back", "swapoff -a"},
    [CONDITION_OVERCOMMIT] = {"overcommit",
                              "address space counts as memory: allocators map and give back "
                              "otherwise",
                              "sysctl vm.overcommit_memory=0"},
    [CONDITION_LIMIT] = {"limit", "near a memory limit around us the kernel takes lazy memory, and kills",
                         "run outside of this container or slice, or raise its limit"},
    [CONDITION_MEMORY] = {"memory",
                          "not all of the machine's memory is there: large cells are skipped, and "
                          "the kernel takes lazy memory sooner",
                          "end what holds it (ps --sort -rss)"},
    [CONDITION_GOVERNOR] = {"governor", "the CPU's frequency follows the load: times move, RSS does not",
                            "cpupower frequency-set -g performance"},
    [CONDITION_ENVIRONMENT] = {"environment",
                               "it is NOT handed on: each process gets only what its setting "
                               "says, see the column env",
                               "unset it; to run another library use --preload, another value a setting"},
    [CONDITION_DEBUG_BUILD] = {"debug-build", "its checks cost time and memory that a release build has not",
                               "install the release build, or name one with --preload"},
    [CONDITION_NOT_PROVABLE] = {"not-provable",
                                "nothing tells whether these settings took effect: their rows may be the "
                                "default's by another name, and are marked ? in the table",
                                "run another version of the allocator (--preload), or leave them out "
                                "(--only)"},
    [CONDITION_LOAD] = {"load", "other processes ran beside: times are too long, RSS does not move",
                        "end them or wait, and run these cells again (--only)"},
    [CONDITION_STEAL] = {"steal",
                         "the hypervisor ran others on our CPUs: times are too long, RSS does not "
                         "move",
                         "run again when the host is quiet, or on a machine of its own"},
    [CONDITION_SWAPPED] = {"swapped", "RSS fell by pages that were not given back", "swapoff -a, run again"},
    [CONDITION_KHUGEPAGED] = {"khugepaged",
                              "the kernel filled holes with huge pages: RSS rose in silence, "
                              "not by the allocator",
                              "thp = never in the plan's [cells …], or compare runs of one THP mode only"},
    [CONDITION_SLOW_FAULTS] = {"slow-faults",
                               "touching a fresh page was dear (a hypervisor that took free "
                               "pages back, a busy host): build times are too long, RSS does "
                               "not move",
                               "run again: the second time the pages are often there"},
    [CONDITION_THP_CHANGED] = {"thp-changed", "somebody changed the THP mode in mid-run",
                               "run these cells again (--only)"},
};

struct tally {
    guint rows;
    double worst;
    char *text, *cell; /* of the worst; NULL: in kept rows only */
};

struct conditions {
    struct conditions_verdict standing;
    struct tally arisen[CONDITION_COUNT];
    guint rows, kept;        /* ok rows seen; of these, made by an earlier part */
    GPtrArray *debug_builds; /* names of allocators */
};

const char *conditions_word(enum condition condition)
{
    return kinds[condition].word;
}

struct conditions *conditions_new(void)
{
    struct conditions *conditions = g_new0(struct conditions, 1);
    conditions->debug_builds = g_ptr_array_new_with_free_func(g_free);
    return conditions;
}

void conditions_free(struct conditions *conditions)
{
    if (!conditions)
        return;
    for (int i = 0; i < CONDITION_COUNT; i++) {
        g_free(conditions->arisen[i].text);
        g_free(conditions->arisen[i].cell);
    }
    g_ptr_array_unref(conditions->debug_builds);
    g_free(conditions);
}

/* --- before anything is run --- */

static void stand(struct conditions *conditions, enum condition condition, const char *text)
{
    conditions->standing.of[condition].holds = true;
    g_strlcpy(conditions->standing.of[condition].text, text, sizeof conditions->standing.of[condition].text);
}

void conditions_see_machine(struct conditions *conditions, const struct conditions_reading *now,
                            enum thp_mode asked)
{
    struct conditions_verdict verdict;
    conditions_judge(&verdict, now, now, NULL, asked);
    for (int i = 0; i < CONDITION_COUNT; i++)
        if (verdict.of[i].holds)
            stand(conditions, (enum condition)i, verdict.of[i].text);
}

/* NAME=VALUE, where some setting sets NAME, or the loader reads it. */
static bool is_meant_for_allocators(const char *line, const GPtrArray *allocators)
{
    size_t length = strcspn(line, "=");
    g_autofree char *name = g_strndup(line, length);
    if (strcmp(name, "LD_PRELOAD") == 0)
        return line[length] && line[length + 1]; /* empty it does nothing */
    for (guint a = 0; a < allocators->len; a++) {
        const GPtrArray *settings = ((const struct allocator *)allocators->pdata[a])->settings;
        for (guint s = 0; s < settings->len; s++) {
            const GPtrArray *variables = ((const struct allocator_setting *)settings->pdata[s])->variables;
            for (guint v = 0; v < variables->len; v++)
                if (strcmp(((const struct allocator_variable *)variables->pdata[v])->name, name) == 0)
                    return true;
        }
    }
    return false;
}

void conditions_see_environment(struct conditions *conditions, char *const *environment,
                                const GPtrArray *allocators)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (char *const *line = environment; *line; line++)
        if (is_meant_for_allocators(*line, allocators))
            g_string_append_printf(names, "%s%.*s", names->len > 0 ? " " : "", (int)strcspn(*line, "="),
                                   *line);
    if (names->len > 0)
        stand(conditions, CONDITION_ENVIRONMENT, names->str);
}

void conditions_see_build(struct conditions *conditions, const char *allocator, bool debug_build)
{
    if (!debug_build)
        return;
    g_ptr_array_add(conditions->debug_builds, g_strdup(allocator));
    g_autofree char *before = g_strdup(conditions->standing.of[CONDITION_DEBUG_BUILD].text);
    g_autofree char *names = g_strconcat(before, *before ? " " : "", allocator, NULL);
    stand(conditions, CONDITION_DEBUG_BUILD, names);
}

void conditions_see_not_provable(struct conditions *conditions, const char *settings)
{
    if (*settings)
        stand(conditions, CONDITION_NOT_PROVABLE, settings);
}

/* --- after each run --- */

static void add_word(GString *words, enum condition condition)
{
    g_string_append_printf(words, "%s%s", words->len > 0 ? " " : "", kinds[condition].word);
}

static void count(struct tally *tally, double size, const char *text, const char *cell)
{
    tally->rows++;
    if (tally->text && size <= tally->worst)
        return;
    tally->worst = size;
    g_free(tally->text);
    g_free(tally->cell);
    tally->text = g_strdup(text);
    tally->cell = g_strdup(cell);
}

void conditions_see_run(struct conditions *conditions, const struct conditions_reading *before,
                        const struct conditions_reading *after, enum thp_mode asked, struct record *record)
{
    struct conditions_verdict verdict;
    g_autoptr(GString) words = g_string_new(NULL);
    bool ok = g_strcmp0(record->status, "ok") == 0;
    conditions_measure(record, before, after, asked);
    conditions_judge(&verdict, before, after, record, asked);
    if (g_ptr_array_find_with_equal_func(conditions->debug_builds, record->allocator, g_str_equal, NULL))
        verdict.of[CONDITION_DEBUG_BUILD].holds = true;
    for (int i = 0; i < CONDITION_COUNT; i++) {
        if (!verdict.of[i].holds)
            continue;
        add_word(words, (enum condition)i);
        if (ok && !conditions->standing.of[i].holds)
            count(&conditions->arisen[i], verdict.of[i].size, verdict.of[i].text, record->cell);
    }
    conditions->rows += ok;
    g_free(record->conditions);
    record->conditions = g_strdup(words->str);
}

void conditions_see_kept(struct conditions *conditions, const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);
    for (int i = 0; i < CONDITION_COUNT; i++)
        if (!conditions->standing.of[i].holds && g_strv_contains((const char *const *)list, kinds[i].word))
            conditions->arisen[i].rows++;
    conditions->rows++;
    conditions->kept++;
}

/* --- telling --- */

bool conditions_any_stands(const struct conditions *conditions)
{
    for (int i = 0; i < CONDITION_COUNT; i++)
        if (conditions->standing.of[i].holds)
            return true;
    return false;
}

bool conditions_any_arose(const struct conditions *conditions)
{
    for (int i = 0; i < CONDITION_COUNT; i++)
        if (conditions->arisen[i].rows > 0)
            return true;
    return false;
}

void conditions_print_standing(const struct conditions *conditions, FILE *out)
{
    for (int i = 0; i < CONDITION_COUNT; i++)
        if (conditions->standing.of[i].holds)
            fprintf(out, "afterfree: warning: %s (%s): %s. To do: %s\n", kinds[i].word,
                    conditions->standing.of[i].text, kinds[i].harm, kinds[i].cure);
}

static char *how_often(const struct conditions *conditions, int condition)
{
    const struct tally *tally = &conditions->arisen[condition];
    if (!tally->text)
        return g_strdup_printf("%u of %u runs", tally->rows, conditions->rows);
    return g_strdup_printf("%u of %u runs, worst%s %s in %s", tally->rows, conditions->rows,
                           conditions->kept > 0 ? " since" : "", tally->text, tally->cell);
}

void conditions_print_arisen(const struct conditions *conditions, FILE *out)
{
    for (int i = 0; i < CONDITION_COUNT; i++) {
        if (conditions->arisen[i].rows == 0)
            continue;
        g_autofree char *often = how_often(conditions, i);
        fprintf(out, "afterfree: warning: %s in %s: %s. To do: %s\n", kinds[i].word, often, kinds[i].harm,
                kinds[i].cure);
    }
}

char *conditions_words(const struct conditions *conditions)
{
    GString *words = g_string_new(NULL);
    for (int i = 0; i < CONDITION_COUNT; i++)
        if (conditions->standing.of[i].holds)
            add_word(words, (enum condition)i);
    return g_string_free(words, FALSE);
}

char *conditions_arisen_words(const struct conditions *conditions)
{
    GString *words = g_string_new(NULL);
    for (int i = 0; i < CONDITION_COUNT; i++)
        if (conditions->arisen[i].rows > 0)
            add_word(words, (enum condition)i);
    return g_string_free(words, FALSE);
}

void conditions_describe(const struct conditions *conditions, GKeyFile *file, const char *group)
{
    g_autofree char *words = conditions_words(conditions);
    g_key_file_set_string(file, group, "standing", words);
    for (int i = 0; i < CONDITION_COUNT; i++) {
        g_autofree char *often = conditions->arisen[i].rows > 0 ? how_often(conditions, i) : NULL;
        if (often || conditions->standing.of[i].holds)
            g_key_file_set_string(file, group, kinds[i].word,
                                  often ? often : conditions->standing.of[i].text);
    }
}
