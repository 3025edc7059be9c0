#include "claim.h"

#include <math.h>
#include <string.h>

#include "section.h"
#include "units.h"

#define PREFIX "claim "
#define TEXT_MOST 100 /* columns of the printed table */
#define LIVE_MOST                                                                                            \
    0.9 /* beyond, the peak's own ups and downs (a table that doubles) are as large as what was freed */

/* below, half of the peak and half of what was freed are gone at one time: a few objects of a runtime */
#define LIVE_LEAST 0.01

static const char *const says_names[] = {[CLAIM_KEEPS] = "keeps", [CLAIM_RETURNS] = "returns", NULL};

const char *claim_says_name(enum claim_says says)
{
    return says_names[says];
}

/* --- reading --- */

void claim_free(gpointer data)
{
    struct claim *claim = data;
    g_free(claim->name);
    g_free(claim->text);
    g_strfreev(claim->cells);
    g_free(claim);
}

static bool is_line(const char *text)
{
    for (; *text; text++)
        if (g_ascii_iscntrl(*text))
            return false;
    return true;
}

static bool read_keys(struct claim *claim, const struct section *in, GError **error)
{
    static const char *const keys[] = {"text", "cells", "says", NULL};
    g_autofree char *says = NULL;
    claim->text = section_text(in, "text");
    claim->cells = section_list(in, "cells");
    if (!section_has_only(in, keys, error) || !section_word(in, "says", true, says_names, &says, error))
        return false;
    claim->says = strcmp(says, says_names[CLAIM_KEEPS]) == 0 ? CLAIM_KEEPS : CLAIM_RETURNS;
    if (!claim->text || !*claim->text)
        return section_refuse(in, "text", error, "is missing");
    if (!is_line(claim->text))
        return section_refuse(in, "text", error, "must be one line");
    if (g_utf8_strlen(claim->text, -1) > TEXT_MOST)
        return section_refuse(in, "text", error, "must be at most %d characters", TEXT_MOST);
    return claim->cells || section_refuse(in, "cells", error, "is missing; * means all");
}

struct claim *claim_read(const struct ini *ini, const char *group, GError **error)
{
    const struct section in = {.ini = ini, .group = group};
    struct claim *claim = g_new0(struct claim, 1);
    claim->name = g_strdup(group + strlen(PREFIX));
    return read_keys(claim, &in, error) ? claim : (claim_free(claim), NULL);
}

GPtrArray *claim_read_all(const char *path, GError **error)
{
    g_autoptr(GPtrArray) claims = g_ptr_array_new_with_free_func(claim_free);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&claims);
    g_autoptr(ini_file) ini = ini_read(path, error);
    if (!ini)
        return NULL;
    g_auto(GStrv) groups = g_key_file_get_groups(ini_values(ini), NULL);
    for (char **group = groups; *group; group++) {
        if (!g_str_has_prefix(*group, PREFIX))
            continue;
        struct claim *claim = claim_read(ini, *group, error);
        if (!claim)
            return NULL;
        g_ptr_array_add(claims, claim);
    }
    return g_steal_pointer(&claims);
}

bool claim_is_of(const struct claim *claim, const char *cell)
{
    for (char **glob = claim->cells; *glob; glob++)
        if (g_pattern_match_simple(*glob, cell))
            return true;
    return false;
}

/* --- the verdict --- */

/* Why neither answer would be one. NULL: it would. */
static char *why_not_asked(const struct claim_facts *facts)
{
    if (isnan(facts->at_once) || isnan(facts->end))
        return g_strdup("not asked: no silent phase behind a peak");
    if (facts->live > LIVE_MOST)
        return g_strdup_printf("not asked: %.0f %% of it is alive", 100 * facts->live);
    return facts->window_short ? g_strdup("not asked: the window is too short") : NULL;
}

bool claim_is_asked(const struct claim_facts *facts)
{
    g_autofree char *why = why_not_asked(facts);
    return !why;
}

uint64_t claim_half_gone_ms(uint64_t t50_ms, uint64_t at_once_ms)
{
    if (t50_ms == G_MAXUINT64 || at_once_ms == G_MAXUINT64)
        return t50_ms;
    return t50_ms - MIN(at_once_ms, t50_ms);
}

/* `words` with the time of the fall behind them; `timeless` where RSS rose, or the time is not known: half of what was freed
 * may be gone when half of the peak is not. */
static char *with_time(const char *timeless, const char *words, const struct claim_facts *facts)
{
    if (facts->at_once < facts->end || facts->half_gone_ms == G_MAXUINT64)
        return g_strdup(timeless);
    g_autofree char *time = units_format_duration_ms(facts->half_gone_ms);
    return g_strdup_printf("%s %s%s", words, facts->live < LIVE_LEAST ? "" : "at most ", time);
}

char *claim_verdict(enum claim_says says, const struct claim_facts *facts)
{
    char *why = why_not_asked(facts);
    if (why)
        return why;
    double half = (1 + facts->live) / 2;
    bool at_once = (facts->at_once >= half) == (says == CLAIM_KEEPS);
    bool end = (facts->end >= half) == (says == CLAIM_KEEPS);
    if (at_once && end)
        return g_strdup("holds");
    if (at_once)
        return with_time("only at once", "only at once, for", facts);
    if (end)
        return with_time("only later", "only after", facts);
    if (says == CLAIM_KEEPS)
        return g_strdup("does not hold");
    g_autofree char *window = units_format_duration_ms(facts->window_ms);
    return g_strdup_printf("does not hold within %s", window);
}
