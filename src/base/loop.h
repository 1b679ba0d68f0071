/* Sources of a GMainContext that somebody keeps in a slot, one at a time. The slot is NULL while there is
 * none: run returns G_SOURCE_CONTINUE, or empties it by loop_drop and returns G_SOURCE_REMOVE. For the thread
 * of the context alone. */
#ifndef FULMAR_BASE_LOOP_H
#define FULMAR_BASE_LOOP_H

#include <glib.h>

/* Calls run in ms milliseconds, instead of what was in the slot. */
void loop_after(GSource **slot, GMainContext *context, guint ms, GSourceFunc run, gpointer user);
/* Calls run when the context has nothing else to do, again and again while it returns G_SOURCE_CONTINUE. */
void loop_idle(GSource **slot, GMainContext *context, GSourceFunc run, gpointer user);
/* The same among what the context has to do now. */
void loop_now(GSource **slot, GMainContext *context, GSourceFunc run, gpointer user);
/* Empties the slot: what was in it does not run any more. */
void loop_drop(GSource **slot);

#endif
