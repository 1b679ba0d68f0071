/* The screen over the accounts of a configuration. */
#ifndef FULMAR_APP_SCREEN_H
#define FULMAR_APP_SCREEN_H

#include "app/app.h"

/* Runs it on target (NULL: the first INBOX) until the person quits. Gives the exit status. */
int screen_run(const struct app *app, const char *target, gboolean demo);
/* Prints its first picture as text, 80x24, from the stores as they are. */
int screen_print(const struct app *app, const char *target, gboolean demo);

#endif
