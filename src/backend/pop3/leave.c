#include "backend/pop3/visit.h"

/* leave-on-server: what becomes of a message on the server. Pure. Nothing goes there but what is wholly here,
 * or what the person has deleted for good and cannot have back any more. */

static gboolean
is_wished(const struct conf_leave *leave, const struct store_drop *drop, gint64 inbox, gint64 now)
{
	switch (leave->what) {
	case LEAVE_FOREVER:
		return FALSE;
	case LEAVE_UNTIL_DELETED: /* neither in Trash nor anywhere */
		return !drop->folder && !drop->travels;
	case LEAVE_UNTIL_MOVED:
		return drop->folder != inbox && !drop->travels;
	case LEAVE_NEVER:
		return TRUE;
	case LEAVE_FOR:
		return drop->since <= now - leave->age;
	}
	return FALSE;
}

enum leave_verdict
leave_verdict(const struct conf_leave *leave, const struct store_drop *drop, gint64 inbox, gint64 now)
{
	/* What a DELE may have gone out for was to go; the visit may have ended before the server did it. */
	if (drop->state != DROP_SENT && !is_wished(leave, drop, inbox, now))
		return LEAVE_THERE;
	if (!drop->msg || drop->whole)
		return LEAVE_DELETE;
	/* It rests after it was deleted for good: undo may want it back, as long as that is possible. */
	return drop->folder ? LEAVE_FETCH : LEAVE_THERE;
}
