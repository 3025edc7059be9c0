/* claim.h: what a plan claims of some of its cells, and what becomes of the claim in a cell.
 *
 *   [claim NAME]  text= (a line) cells= (globs on names of cells) says=keeps|returns; all needed
 *
 *   keeps    half or more of what was freed stays resident
 *   returns  less than half of it does
 * asked twice: at once, at the last mark before the first silent phase (behind the drop and what the walk has done about
 * it), and at the end of that silent phase. Of RSS, as an operator sees it: lazy bytes are in. What the map still
 * holds was not freed, so the half is half way between the peak and that. */
#ifndef AFTERFREE_CLAIM_H
#define AFTERFREE_CLAIM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ini.h"

enum claim_says { CLAIM_KEEPS, CLAIM_RETURNS };

struct claim {
    char *name, *text;
    char **cells; /* globs; '*' crosses '/' */
    enum claim_says says;
};

/* Reads [claim NAME]; NULL with error (EXIT_BAD_DATA, names file, line, group and key). */
struct claim *claim_read(const struct ini *ini, const char *group, GError **error);
void claim_free(gpointer claim);

/* The claims of a plan's file, whatever else stands in it; of struct claim *. NULL with error. A file that is not
 * there has none. */
GPtrArray *claim_read_all(const char *path, GError **error);

const char *claim_says_name(enum claim_says says);
bool claim_is_of(const struct claim *claim, const char *cell);

/* Of one cell; shares of (peak - baseline). */
struct claim_facts {
    double at_once, end;   /* RSS; NAN: the walk has no silent phase, or there was no peak */
    double live;           /* the part that the drop has left alive; 0: all was freed */
    uint64_t half_gone_ms; /* claim_half_gone_ms */
    uint64_t window_ms;
    bool window_short; /* not longer than the setting's own delay: the end says nothing */
};

/* From at once until half was gone; 0: it was gone by then; G_MAXUINT64: not within the window, or not asked. Of t50, since
 * the drop, that is what comes behind `at_once_ms`: what a walk does in between may have waited for its turn. */
uint64_t claim_half_gone_ms(uint64_t t50_ms, uint64_t at_once_ms);

/* False: the verdict is "not asked: WHY", and no answer. */
bool claim_is_asked(const struct claim_facts *facts);

/* "holds", "only at once, for 3 s", "only after 3 s", "does not hold within 5 min", "not asked: WHY"; the caller frees.
 * The time is until half of the peak was gone: where some of it lives, half of the rest was gone before that. Without a time
 * "only at once" and "only later": it was not gone within the window, or had left before and came back. */
char *claim_verdict(enum claim_says says, const struct claim_facts *facts);

#endif
