/* proof.h: what a setting asks for against what is in force. */
#ifndef AFTERFREE_PROOF_H
#define AFTERFREE_PROOF_H

#include <glib.h>
#include <stdbool.h>

#include "allocator.h"

enum proof_verdict {
    PROOF_IN_FORCE,
    PROOF_NOT_IN_FORCE,
    PROOF_NOT_PROVABLE, /* asked, and nothing tells whether it took effect: never "ok" */
    PROOF_SHOWN,        /* read back for information; nothing is asked */
    PROOF_NOT_TOLD,     /* nothing is asked, and the read-back tells nothing */
};
const char *proof_verdict_name(enum proof_verdict verdict); /* static: "in force", "NOT in force", … */

struct proof {
    char *name;  /* of the read-back; "behaviour"; or the variable that nothing reads back */
    char *asked; /* NULL: nothing */
    char *found; /* a value; in parentheses: why there is none, or "(unset or 0)", which a tunable does
                  not tell apart; NULL: nothing was asked of the allocator */
    enum proof_verdict verdict;
};

GPtrArray *proof_list_new(void); /* of struct proof *, which it owns */
/* Copies the texts. */
void proof_add(GPtrArray *proofs, const char *name, const char *asked, const char *found,
               enum proof_verdict verdict);

/* Equal as numbers where both are (0x20000 is 131072; true, yes and on are 1; fractions to 8 digits, for
 * doubles are told to 9), else as texts. */
bool proof_agrees(const char *asked, const char *found);

/* Judges the read-backs of an allocator of `version` under a setting, by the probe's answers (protocol.h; text
 * to text: read.NAME, or missing.read.NAME, failed.read.NAME). Behaviour is added by who has seen it. */
void proof_judge(GPtrArray *proofs, const struct allocator *allocator,
                 const struct allocator_setting *setting, const char *version, GHashTable *answers);

/* "NAME: asked X, in force Y; …" of those not in force; NULL: there are none; caller frees. */
char *proof_complaint(const GPtrArray *proofs);

/* How a setting was proven, by its weakest proof: "not in force", "not provable", "read back", "behaviour",
 * "read back, behaviour"; "" when it asks for nothing. Static. */
const char *proof_means(const GPtrArray *proofs);

#define PROOF_BEHAVIOUR "behaviour"

#endif
