#include "backend/pop3/visit.h"

#include "base/error.h"
#include "base/log.h"

/* Pauses between log-ins: LOGIN-DELAY (RFC 2449 §6.5), what a refusal asks for, a maildrop in use. What the
 * server wants of log-ins as such is kept for the next process; whether somebody has the maildrop is another
 * question each time. */

enum { RESPITE_MOST = 86400 /* seconds */, IN_USE_SECONDS = 60, IN_USE_TIMES = 5 };

/* "WHEN SECONDS": UTC seconds of the log-in after which that many are to pass. */
#define PAUSE "pop3-pause"

static gint64
wall(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

static guint
read_pause(struct store *store, gint64 *when)
{
	g_autofree char *text = store_get(store, PAUSE);
	char *end = text;

	*when = text ? g_ascii_strtoll(text, &end, 10) : 0;
	return text ? (guint)MIN(g_ascii_strtoull(end, NULL, 10), RESPITE_MOST) : 0;
}

static void
write_pause(struct visit *v, gint64 when, guint seconds)
{
	struct store *store = v->b->env->store;
	g_autofree char *was = store_get(store, PAUSE);
	g_autofree char *now = seconds ? g_strdup_printf("%" G_GINT64_FORMAT " %u", when, seconds) : NULL;
	g_autoptr(GError) error = NULL;

	if ((was || now) && !store_set(store, PAUSE, now, &error))
		log_note(LOG_POP3, "%s: %s", v->b->env->account->id, error->message);
}

void
pop3_pause_begin(struct visit *v)
{
	gint64 when;

	v->refused = v->respite = 0;
	v->logged_in = wall();
	/* Until it is told anew; the link may be lost before. */
	v->login_delay = read_pause(v->b->env->store, &when);
	write_pause(v, v->logged_in, v->login_delay);
}

void
pop3_pause_told(struct visit *v)
{
	v->login_delay = (guint)CLAMP(v->caps.login_delay, 0, RESPITE_MOST);
	write_pause(v, v->logged_in, v->login_delay);
}

void
pop3_pause_refused(struct visit *v)
{
	v->respite = (guint)CLAMP(v->caps.login_delay, IN_USE_SECONDS, RESPITE_MOST);
	write_pause(v, wall(), v->respite);
}

/* Mostly for a moment, or by what is left of a connection of ours. */
void
pop3_pause_in_use(struct visit *v)
{
	gint64 poll = v->b->env->account->poll;

	v->in_use = TRUE;
	v->respite = ++v->refused <= IN_USE_TIMES ? IN_USE_SECONDS : (guint)MAX(poll, IN_USE_SECONDS);
}

guint
pop3_respite(struct backend *b)
{
	const struct visit *v = b->visit;
	gint64 when;

	return v ? MIN(MAX(v->respite, v->login_delay), RESPITE_MOST) : read_pause(b->env->store, &when);
}

/* A clock that was set back says nothing: that is no reason to wait. */
guint
pop3_paused(struct backend *b)
{
	gint64 when, now = wall();
	guint seconds = read_pause(b->env->store, &when);

	return now < when || now - when > seconds ? seconds : (guint)(now - when);
}

gboolean
pop3_in_use(struct backend *b)
{
	return b->visit && b->visit->in_use;
}
