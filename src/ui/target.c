#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "model/rights.h"
#include "ui/ui-private.h"

/* Where messages go to: a folder of any account, those used last on top. */

struct errand {
	guint account;
	gint64 folder; /* that they leave */
	GArray *ids;
	gboolean copy;
};

static void
errand_free(gpointer data)
{
	struct errand *errand = data;

	g_array_unref(errand->ids);
	g_free(errand);
}

static struct errand *
errand_copy(const struct errand *errand)
{
	struct errand *copy = g_new(struct errand, 1);

	*copy = *errand;
	g_array_ref(copy->ids);
	return copy;
}

static void
carry_out(struct ui *ui, const struct errand *errand, const char *target, gboolean create)
{
	guint account;
	g_autofree char *path = NULL, *shown = NULL, *what = NULL;
	g_autoptr(GError) error = NULL;
	gboolean elsewhere;

	if (!ui_find_target(ui, target, &account, &path, &error)) {
		ui_complain(ui, "%s", error->message);
		return;
	}
	elsewhere = account != errand->account;
	shown = text_safe(elsewhere ? target : path, -1);
	what = g_strdup_printf(errand->copy ? _("copied to %s") : _("moved to %s"), shown);
	state_add_target(ui->state, target);
	ui_change(ui, &(struct change){
	                      .verb = errand->copy ? CMD_COPY : CMD_MOVE,
	                      .account = errand->account,
	                      .folder = errand->folder,
	                      .ids = errand->ids,
	                      .add = create,
	                      .text = path,
	                      .text2 = elsewhere ? ui_account_id(ui, account) : NULL,
	                      .leaves = !errand->copy && errand->account == ui->account &&
	                                errand->folder == ui->folder,
	                      .what = what,
	              });
}

/* -- a folder that is not there yet -- */

struct creation {
	struct errand *errand;
	char *target;
};

static void
creation_free(gpointer data)
{
	struct creation *creation = data;

	errand_free(creation->errand);
	g_free(creation->target);
	g_free(creation);
}

static void
create_confirmed(struct ui *ui, void *user)
{
	const struct creation *creation = user;

	carry_out(ui, creation->errand, creation->target, TRUE);
}

/* What was typed names an account or not. Gives (g_free). */
static char *
as_target(const struct ui *ui, guint account, const char *typed)
{
	for (guint i = 0; i < ui->accounts->len; i++) {
		const char *id = ui_account_id(ui, i);
		gsize len = strlen(id);

		if (!strncmp(typed, id, len) && typed[len] == '/' && typed[len + 1])
			return g_strdup(typed);
	}
	return g_strdup_printf("%s/%s", ui_account_id(ui, account), typed);
}

static void
ask_to_create(struct ui *ui, const struct errand *errand, const char *typed)
{
	struct creation *creation = g_new0(struct creation, 1);
	g_autofree char *shown = NULL, *question = NULL;

	creation->errand = errand_copy(errand);
	creation->target = as_target(ui, errand->account, typed);
	shown = text_safe(creation->target, -1);
	question = g_strdup_printf(_("There is no folder %s. Make it?"), shown);
	ui_confirm(ui, question, create_confirmed, creation, creation_free);
}

static void
target_chosen(struct ui *ui, const struct pick *pick, const char *typed, void *user)
{
	const struct errand *errand = user;
	g_autofree char *exact = *typed ? ui_typed_target(ui, typed) : NULL;

	if (!pick && exact)
		carry_out(ui, errand, exact, FALSE);
	else if (pick && pick->why)
		ui_complain(ui, _("Not there: %s"), pick->why);
	else if (pick)
		carry_out(ui, errand, pick->key, FALSE);
	else if (*typed)
		ask_to_create(ui, errand, typed);
}

/* -- the list -- */

static gint
same_key(gconstpointer a, gconstpointer b)
{
	return strcmp(((const struct pick *)a)->key, b) == 0;
}

static gint
find_key(const GPtrArray *items, const char *key)
{
	for (guint i = 0; i < items->len; i++)
		if (same_key(items->pdata[i], key))
			return (gint)i;
	return -1;
}

static void
move_to_top(GPtrArray *items, const char *key)
{
	gint at = find_key(items, key);
	gpointer pick = at > 0 ? items->pdata[at] : NULL;

	if (!pick)
		return;
	memmove(items->pdata + 1, items->pdata, sizeof(gpointer) * (gsize)at);
	items->pdata[0] = pick;
}

static void
say_forbidden(struct ui *ui, GPtrArray *items)
{
	for (guint i = 0; i < items->len; i++) {
		struct pick *pick = items->pdata[i];
		g_autofree char *path = NULL;
		guint account;
		const struct store_folder *folder;

		if (!ui_find_target(ui, pick->key, &account, &path, NULL))
			continue;
		folder = ui_folder_at(ui, account, path);
		pick->why = folder ? rights_forbid(folder->rights, "i") : NULL;
	}
}

/* All folders but the one they are in; where the last ones went comes first, so that Enter repeats. */
static GPtrArray *
collect(struct ui *ui, void *user)
{
	const struct errand *errand = user;
	GPtrArray *items = g_ptr_array_new_with_free_func(pick_free);
	const GPtrArray *targets = state_targets(ui->state);
	g_autofree char *here = g_strdup_printf("%s/%s", ui_account_id(ui, ui->account), ui->path);
	gint own;

	ui_add_folder_picks(ui, items, "", FALSE);
	own = errand->account == ui->account && errand->folder == ui->folder ? find_key(items, here) : -1;
	if (own >= 0)
		g_ptr_array_remove_index(items, (guint)own);
	for (guint i = targets->len; i-- > 0;)
		move_to_top(items, targets->pdata[i]);
	say_forbidden(ui, items);
	return items;
}

void
ui_pick_target(struct ui *ui, guint account, GArray *ids, gboolean copy)
{
	struct errand *errand = g_new(struct errand, 1);
	g_autofree char *title = NULL, *n = format_count(ids->len);

	*errand = (struct errand){account, ui->folder, ids, copy};
	if (ids->len > 1)
		title = g_strdup_printf(
		        copy ? ngettext("Copy %s message to", "Copy %s messages to", ids->len)
		             : ngettext("Move %s message to", "Move %s messages to", ids->len),
		        n);
	else
		title = g_strdup(copy ? _("Copy the message to") : _("Move the message to"));
	ui_push(ui, picker_new(ui, &(struct picker_spec){
	                                   .title = title,
	                                   .collect = collect,
	                                   .chosen = target_chosen,
	                                   .offer = _("(new folder “%s”)"),
	                                   .user = errand,
	                                   .free_user = errand_free,
	                           }));
}
