/* Asking on the terminal: for a secret, without showing it, and for a yes. */
#ifndef FULMAR_APP_PROMPT_H
#define FULMAR_APP_PROMPT_H

#include <glib.h>

/* There is a terminal with somebody in front. */
gboolean prompt_possible(void);
/* Shows text (unsafe is allowed) and reads a line from the terminal itself, whatever standard input is. Gives
 * (g_free), NULL when called off by Ctrl-C, Ctrl-D or an end of the terminal. */
char *prompt_secret(const char *text);
/* Shows text with what may be answered; TRUE for a line that begins with the letter for yes. */
gboolean prompt_yes(const char *text);

#endif
