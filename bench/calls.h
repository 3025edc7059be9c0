/* calls.h: what a descriptor may write where a call is wanted, judged before anything runs it: the language of
 * driver/call_text.h, by its own parser, and `tunable: NAME`, which is the loader's to tell. */
#ifndef AFTERFREE_CALLS_H
#define AFTERFREE_CALLS_H

#define CALLS_TUNABLE "tunable:" /* begins a read-back of the loader's, see tunables.h */

/* What is wrong with `text` as the value of `key` (purge, collect: an action; version, debug: a read-back; read.NAME: a
 * read-back or a tunable), and what to write instead; static. NULL: nothing. */
const char *calls_problem(const char *key, const char *text);

#endif
