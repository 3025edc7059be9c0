/* die.h: the inside's one way to report an error: a line on stderr by write(2), and an exit code of
 * enum protocol_exit. Nothing here allocates. */
#ifndef DIE_H
#define DIE_H

/* Writes "PROGRAM: " and the texts (a list closed by NULL), then exits. */
_Noreturn void die(int exit_code, const char *text, ...) __attribute__((sentinel));

/* The name die() begins its line with; static storage of the caller. */
void die_set_program(const char *name);

#endif
