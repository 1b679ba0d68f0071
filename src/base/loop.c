#include "base/loop.h"

static void
put(GSource **slot, GSource *source, GMainContext *context, GSourceFunc run, gpointer user)
{
	loop_drop(slot);
	*slot = source;
	g_source_set_callback(source, run, user, NULL);
	g_source_attach(source, context);
}

void
loop_after(GSource **slot, GMainContext *context, guint ms, GSourceFunc run, gpointer user)
{
	put(slot, g_timeout_source_new(ms), context, run, user);
}

void
loop_idle(GSource **slot, GMainContext *context, GSourceFunc run, gpointer user)
{
	put(slot, g_idle_source_new(), context, run, user);
}

void
loop_now(GSource **slot, GMainContext *context, GSourceFunc run, gpointer user)
{
	GSource *source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	put(slot, source, context, run, user);
}

void
loop_drop(GSource **slot)
{
	if (*slot)
		g_source_destroy(*slot);
	g_clear_pointer(slot, g_source_unref);
}
