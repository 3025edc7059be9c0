#include "proof.h"

#include <math.h>
#include <string.h>

#include "calls.h"

const char *proof_verdict_name(enum proof_verdict verdict)
{
    static const char *const names[] = {[PROOF_IN_FORCE] = "in force",
                                        [PROOF_NOT_IN_FORCE] = "NOT in force",
                                        [PROOF_NOT_PROVABLE] = "not provable",
                                        [PROOF_SHOWN] = "shown",
                                        [PROOF_NOT_TOLD] = "not told"};
    return names[verdict];
}

static void proof_free(gpointer data)
{
    struct proof *proof = data;
    g_free(proof->name);
    g_free(proof->asked);
    g_free(proof->found);
    g_free(proof);
}

GPtrArray *proof_list_new(void)
{
    return g_ptr_array_new_with_free_func(proof_free);
}

void proof_add(GPtrArray *proofs, const char *name, const char *asked, const char *found,
               enum proof_verdict verdict)
{
    struct proof *proof = g_new(struct proof, 1);
    *proof = (struct proof){g_strdup(name), g_strdup(asked), g_strdup(found), verdict};
    g_ptr_array_add(proofs, proof);
}

/* --- values --- */

struct number {
    bool whole, negative;
    guint64 magnitude; /* of a whole one */
    double real;
};

static bool read_word(const char *text, struct number *number)
{
    static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(text, words[i]) == 0) {
            *number = (struct number){.whole = true, .magnitude = i >= 3, .real = i >= 3};
            return true;
        }
    return false;
}

static bool read_whole(const char *text, struct number *number)
{
    bool negative = *text == '-';
    const char *digits = text + negative;
    bool hex = g_ascii_strncasecmp(digits, "0x", 2) == 0;
    digits += hex ? 2 : 0;
    guint64 magnitude;
    if (!g_ascii_string_to_unsigned(digits, hex ? 16 : 10, 0, G_MAXUINT64, &magnitude, NULL))
        return false;
    *number = (struct number){.whole = true,
                              .negative = negative && magnitude > 0,
                              .magnitude = magnitude,
                              .real = negative ? -(double)magnitude : (double)magnitude};
    return true;
}

static bool read_real(const char *text, struct number *number)
{
    char *end;
    *number = (struct number){.real = g_ascii_strtod(text, &end)};
    return end != text && *end == '\0';
}

static bool read_number(const char *text, struct number *number)
{
    return read_word(text, number) || read_whole(text, number) || read_real(text, number);
}

bool proof_agrees(const char *asked, const char *found)
{
    struct number a, b;
    if (!read_number(asked, &a) || !read_number(found, &b))
        return strcmp(asked, found) == 0;
    if (a.whole && b.whole)
        return a.negative == b.negative && a.magnitude == b.magnitude;
    return a.real == b.real || fabs(a.real - b.real) <= 1e-8 * fmax(fabs(a.real), fabs(b.real));
}

/* --- verdicts --- */

static const char *value_of(const GPtrArray *lines, const char *name)
{
    for (guint i = 0; i < lines->len; i++) {
        const struct allocator_variable *line = lines->pdata[i];
        if (strcmp(line->name, name) == 0)
            return line->value;
    }
    return NULL;
}

/* *found: the value, or why there is none. */
static bool look_up(GHashTable *answers, const char *name, char **found)
{
    g_autofree char *key = g_strconcat("read.", name, NULL);
    g_autofree char *missing_key = g_strconcat("missing.", key, NULL);
    const char *value = g_hash_table_lookup(answers, key);
    const char *missing = g_hash_table_lookup(answers, missing_key);
    *found = value     ? g_strdup(value)
             : missing ? g_strdup_printf("(no %s)", missing)
                       : g_strdup("(the call fails)");
    return value != NULL;
}

/* The loader lists a tunable that is unset as 0 (tunables.h). */
static bool may_be_unset(const struct allocator_variable *read, const char *found)
{
    return g_str_has_prefix(read->value, CALLS_TUNABLE) && (*found == '\0' || proof_agrees("0", found));
}

static void judge_read_back(GPtrArray *proofs, const struct allocator_variable *read, const char *asked,
                            GHashTable *answers)
{
    g_autofree char *found = NULL;
    bool told = look_up(answers, read->name, &found);
    bool open = told && may_be_unset(read, found);
    const char *shown = open ? "(unset or 0)" : found;
    if (!asked)
        proof_add(proofs, read->name, NULL, shown, told ? PROOF_SHOWN : PROOF_NOT_TOLD);
    else if (!told || (open && proof_agrees(asked, "0")))
        proof_add(proofs, read->name, asked, shown, PROOF_NOT_PROVABLE);
    else
        proof_add(proofs, read->name, asked, shown,
                  proof_agrees(asked, found) ? PROOF_IN_FORCE : PROOF_NOT_IN_FORCE);
}

static void judge_read_backs(GPtrArray *proofs, const GPtrArray *reads, const GPtrArray *expected,
                             GHashTable *answers)
{
    for (guint i = 0; i < reads->len; i++) {
        const struct allocator_variable *read = reads->pdata[i];
        judge_read_back(proofs, read, value_of(expected, read->name), answers);
    }
}

static void judge_what_is_not_read(GPtrArray *proofs, const GPtrArray *reads, const GPtrArray *expected)
{
    for (guint i = 0; i < expected->len; i++) {
        const struct allocator_variable *line = expected->pdata[i];
        if (!value_of(reads, line->name))
            proof_add(proofs, line->name, line->value, "(no read-back in this version)", PROOF_NOT_PROVABLE);
    }
}

/* A setting that nothing expects anything of. Where none of its lines is for this version it would be the
 * default by another name. */
static void judge_environment(GPtrArray *proofs, const struct allocator_setting *setting, const char *version)
{
    g_autoptr(GPtrArray) variables = allocator_applying(setting->variables, version);
    for (guint i = 0; i < variables->len; i++) {
        const struct allocator_variable *line = variables->pdata[i];
        proof_add(proofs, line->name, line->value, NULL, PROOF_NOT_PROVABLE);
    }
    if (setting->variables->len > 0 && variables->len == 0) {
        g_autofree char *found =
            version ? g_strdup_printf("(no env line is for version %s)", version)
                    : g_strdup("(every env line is for some versions, and the version is unknown)");
        proof_add(proofs, "environment", "set", found, PROOF_NOT_IN_FORCE);
    }
}

void proof_judge(GPtrArray *proofs, const struct allocator *allocator,
                 const struct allocator_setting *setting, const char *version, GHashTable *answers)
{
    g_autoptr(GPtrArray) reads = allocator_applying(allocator->reads, version);
    g_autoptr(GPtrArray) expected = allocator_applying(setting->expectations, version);
    judge_read_backs(proofs, reads, expected, answers);
    judge_what_is_not_read(proofs, reads, expected);
    if (expected->len == 0 && !setting->behaves)
        judge_environment(proofs, setting, version);
}

char *proof_complaint(const GPtrArray *proofs)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < proofs->len; i++) {
        const struct proof *proof = proofs->pdata[i];
        if (proof->verdict == PROOF_NOT_IN_FORCE)
            g_string_append_printf(text, "%s%s: asked %s, in force %s", text->len > 0 ? "; " : "",
                                   proof->name, proof->asked, proof->found);
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

const char *proof_means(const GPtrArray *proofs)
{
    guint refuted = 0, open = 0, read_back = 0, behaviour = 0;
    for (guint i = 0; i < proofs->len; i++) {
        const struct proof *proof = proofs->pdata[i];
        refuted += proof->verdict == PROOF_NOT_IN_FORCE;
        open += proof->verdict == PROOF_NOT_PROVABLE;
        if (proof->verdict == PROOF_IN_FORCE)
            *(strcmp(proof->name, PROOF_BEHAVIOUR) == 0 ? &behaviour : &read_back) += 1;
    }
    if (refuted > 0)
        return "not in force";
    if (open > 0)
        return "not provable";
    if (read_back > 0)
        return behaviour > 0 ? "read back, behaviour" : "read back";
    return behaviour > 0 ? "behaviour" : "";
}
