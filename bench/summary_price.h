/* summary_price.h: words about prices, between the two parts of summary.h that print them. */
#ifndef AFTERFREE_SUMMARY_PRICE_H
#define AFTERFREE_SUMMARY_PRICE_H

#include "summary.h"

/* A paragraph. Breaks lines at blanks; what has none in it may stand out. */
void summary_price_wrap(FILE *out, const char *text);
/* "8 rounds", "7 to 8 rounds" */
void summary_price_add_rounds(GString *text, guint least, guint most);
/* Says once for each shape of these cells (struct price_cell *, of one workload) what they should be compared to and
 * is not there: `first` and the references behind it. Prints nothing when all is there. */
void summary_price_print_untimed(const struct price *price, const GPtrArray *cells,
                                 enum price_reference first, FILE *out);

#endif
