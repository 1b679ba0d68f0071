#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"
#include "core/account-private.h"

/* What every command that changes mail has in common: it is done when the store holds it, and then says which
 * folders look different now, in one line what it was, and by what step it can be taken back. */

void
change_touch(struct change *change, gint64 folder)
{
	idset_add(change->touched, folder);
}

/* FALSE with error. */
static gboolean
touch_row(struct change *change, msgid id, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_row *row = store_row(change->account->store, id, &failed);

	if (row && row->folder)
		change_touch(change, row->folder);
	else if (!failed)
		fulmar_fail(&failed, FULMAR_FAILED, _("The message %lld is not in the store any more"),
		            (long long)id);
	store_row_free(row);
	if (!failed)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failed));
	return FALSE;
}

gboolean
change_touch_rows(struct change *change, const msgid *ids, guint n, GError **error)
{
	for (guint i = 0; i < n; i++)
		if (!touch_row(change, ids[i], error))
			return FALSE;
	change->n = n;
	return TRUE;
}

gboolean
change_may(struct change *change, const char *rights, gint64 but, GError **error)
{
	struct site site = site_of(change);
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, change->touched);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		gint64 folder = *(const gint64 *)key;

		if (folder != but && !site_may(&site, folder, rights, error))
			return FALSE;
	}
	return TRUE;
}

void
change_new_id(struct change *change, msgid id, const char *account)
{
	struct event *event = account_event(change->account, EVENT_NEW_ID);

	event->command = change->command->id;
	event->id = id;
	event->text = g_strdup(account);
	account_post(change->account, event);
}

/* ---- in words ---- */

static char *
said_flag(guint n, const char *target)
{
	return g_strdup_printf(ngettext("flags of %u mail changed", "flags of %u mails changed", n), n);
}

static char *
said_move(guint n, const char *target)
{
	return g_strdup_printf(ngettext("%u mail moved to %s", "%u mails moved to %s", n), n, target);
}

static char *
said_copy(guint n, const char *target)
{
	return g_strdup_printf(ngettext("%u mail copied to %s", "%u mails copied to %s", n), n, target);
}

static char *
said_purge(guint n, const char *target)
{
	return g_strdup_printf(ngettext("%u mail deleted for good", "%u mails deleted for good", n), n);
}

static char *
said_append(guint n, const char *target)
{
	if (!*target)
		return g_strdup_printf(ngettext("%u mail put into folders", "%u mails put into folders", n),
		                       n);
	return g_strdup_printf(ngettext("%u mail put into %s", "%u mails put into %s", n), n, target);
}

static char *
said_create(guint n, const char *target)
{
	return g_strdup_printf(_("folder %s made"), target);
}

static char *
said_rename(guint n, const char *target)
{
	return g_strdup_printf(_("folder renamed to %s"), target);
}

static char *
said_remove(guint n, const char *target)
{
	return g_strdup_printf(_("folder %s deleted"), target);
}

static char *
said_subscribe(guint n, const char *target)
{
	return g_strdup_printf(_("subscription of %s changed"), target);
}

static char *
said_empty(guint n, const char *target)
{
	return g_strdup_printf(_("%s emptied"), target);
}

static char *
said_rules(guint n, const char *target)
{
	return g_strdup_printf(ngettext("rules changed %u mail of %s", "rules changed %u mails of %s", n), n,
	                       target);
}

static const struct {
	const char *verb;
	char *(*said)(guint n, const char *target);
} lines[] = {
        {"flag", said_flag},      {"move", said_move},     {"copy", said_copy},
        {"delete", said_move},    {"archive", said_move},  {"junk", said_move},
        {"not-junk", said_move},  {"purge", said_purge},   {"append", said_append},
        {"empty", said_empty},    {"create", said_create}, {"rename", said_rename},
        {"remove", said_remove},  {"transfer", said_move}, {"subscribe", said_subscribe},
        {"replace", said_append}, {"rules", said_rules},
};

char *
change_said(const char *verb, guint n, const char *target)
{
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		if (!strcmp(lines[i].verb, verb))
			return lines[i].said(n, target ? target : "");
	return g_strdup(verb);
}

/* ---- the end of a command ---- */

static void
tell_touched(struct change *change)
{
	GHashTableIter iter;
	gpointer key;

	if (change->folders)
		account_hooks.folders(change->account);
	g_hash_table_iter_init(&iter, change->touched);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		account_hooks.rows(*(const gint64 *)key, change->account);
	journal_show(change->account);
}

/* Gives. */
static char *
said_of(const struct change *change)
{
	return change->said   ? g_strdup(change->said)
	       : change->step ? change_said(change->name, change->n, change->target)
	                      : g_strdup(_("nothing to change"));
}

static void
tell_step(struct change *change)
{
	struct event *event = account_event(change->account, EVENT_STEP);

	event->command = change->command->id;
	event->id = change->step;
	event->text = said_of(change);
	account_post(change->account, event);
}

/* A message that is named twice is meant once. */
static void
drop_doubles(GArray *ids)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_autoptr(GArray) once = g_array_new(FALSE, FALSE, sizeof(msgid));

	for (guint i = 0; i < ids->len; i++)
		if (g_hash_table_add(seen, &g_array_index(ids, msgid, i)))
			g_array_append_val(once, g_array_index(ids, msgid, i));
	g_array_set_size(ids, 0);
	g_array_append_vals(ids, once->data, once->len);
}

/* What somebody else has taken away meanwhile does not hold up the others. */
static gboolean
drop_gone(struct change *change, GArray *ids, GError **error)
{
	GError *failed = NULL;
	guint named = ids->len, here = 0;
	msgid first = named ? g_array_index(ids, msgid, 0) : 0;

	for (guint i = 0; !failed && i < named; i++) {
		msgid id = g_array_index(ids, msgid, i);
		struct store_row *row = store_row(change->account->store, id, &failed);

		if (row && row->folder)
			g_array_index(ids, msgid, here++) = id;
		store_row_free(row);
	}
	if (!failed)
		g_array_set_size(ids, here);
	change->gone = named - ids->len;
	if (!failed && named == 1 && !ids->len)
		fulmar_fail(&failed, FULMAR_FAILED, _("The message %lld is not in the store any more"),
		            (long long)first);
	else if (!failed && named && !ids->len)
		fulmar_fail(&failed, FULMAR_FAILED, _("none of the %u messages is there any more"), named);
	if (failed)
		g_propagate_error(error, failed);
	return failed == NULL;
}

/* Nobody asked for what is done by itself. */
static void
say_gone(const struct change *change, GError **error)
{
	g_autofree char *said = said_of(change);

	if (change->gone && change->command->op != 1)
		fulmar_fail(error, FULMAR_PARTLY,
		            ngettext("%s; %u message was gone already", "%s; %u messages were gone already",
		                     change->gone),
		            said, change->gone);
}

static gboolean
name_step(const struct change *change, GError **error)
{
	return store_undo_name(change->account->store, change->step, change->name, change->n, change->target,
	                       error);
}

void
change_run(struct account *a, struct command *command, change_verb verb)
{
	struct change change = {.account = a, .command = command, .name = ""};
	GError *error = NULL;
	gboolean ok;

	if (command->ids)
		drop_doubles(command->ids);
	change.touched = idset_new();
	ok = (!command->ids || drop_gone(&change, command->ids, &error)) && verb(&change, &error);
	/* What comes before a fault, such as the folder that was made for it, is a step all the same. */
	if (change.step && !name_step(&change, ok ? &error : NULL))
		ok = FALSE;
	if (ok)
		say_gone(&change, &error);
	tell_touched(&change);
	if (ok || change.step)
		tell_step(&change);
	bus_done(a->bus, a->settings->id, command->id, error);
	g_clear_error(&error);
	g_hash_table_unref(change.touched);
	g_free(change.target);
	g_free(change.said);
	command_free(command);
	journal_touch(a);
	work_on(a);
}
