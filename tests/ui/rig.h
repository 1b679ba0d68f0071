/* A screen without a terminal: keys in, text out, and an account that takes commands and answers as the test
 * says. */
#ifndef FULMAR_TESTS_UI_RIG_H
#define FULMAR_TESTS_UI_RIG_H

#include "sample.h"
#include "ui/ui-private.h"

struct rig {
	struct sample sample;
	struct conf *conf;
	GPtrArray *stores;
	struct ui_params params;
	struct ui *ui;
	struct bus *bus;
	GMainContext *context;
	GQueue taken; /* struct command * that the account was sent and did not answer */
	char *state;  /* folder of what is remembered */
};

void rig_open(struct rig *rig, int rows, int cols, gboolean empty, const char *const *overrides);
void rig_close(struct rig *rig);
/* Key names, blank-separated. */
void press(struct rig *rig, const char *names);
/* Types text as it stands. */
void type(struct rig *rig, const char *text);
/* The screen as text; all of it must be safe for a terminal. Gives (g_free). */
char *screen(struct rig *rig);
gboolean shows(struct rig *rig, const char *wanted);
/* The next command that is not one of looking ahead. Gives (command_free); fails when there is none. */
struct command *rig_taken(struct rig *rig, enum command_verb verb);
gboolean rig_is_idle(struct rig *rig);
/* Ends the command (taken): step -1 tells no step; error NULL: well. The screen hears of it. */
void rig_done(struct rig *rig, struct command *command, gint64 step, const char *said, const char *error);
/* Takes the event to the screen. */
void rig_tell(struct rig *rig, struct event *event);
/* The screen hears of what was posted, and reads again. */
void rig_settle(struct rig *rig);

#endif
