/* perfect: gives every page back when the last block is freed. */
#include "arena.h"

const struct control control = {.all_free = arena_give_back};
