#include "script.h"

#include <string.h>

#include "base/error.h"

struct model *
script_fill(const char *account)
{
	static const struct {
		const char *folder;
		guint messages;
	} folders[] = {{"INBOX", 10}, {"Lists", 5}, {"Lists/a", 4}, {"Old", 4}, {"Archiv", 2}, {"Empty", 0}};
	struct model *model = model_new();
	guint n = 0;

	for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
		if (i)
			memory_add_folder(account, folders[i].folder);
		model_add_folder(model, folders[i].folder);
		for (guint j = 0; j < folders[i].messages; j++) {
			g_autofree char *id = g_strdup_printf("<%s%u@example.org>", account, ++n);
			g_autofree char *text =
			        g_strdup_printf("From: Bob <bob@example.org>\r\nSubject: Mail %u\r\n"
			                        "Date: Mon, 2 Mar 2026 10:%02u:00 +0000\r\n"
			                        "Message-ID: %s\r\n\r\nText of %u.\r\n",
			                        n, n, id, n);
			guint flags = j % 3 == 0 ? FLAG_SEEN : 0;

			memory_add_message(account, folders[i].folder, text, flags);
			model_add(model, folders[i].folder, id, flags, "");
		}
	}
	return model;
}

/* ---- choosing ---- */

static guint
chance(struct script *s, guint n)
{
	return (guint)g_rand_int_range(s->rand, 0, (gint32)n);
}

static struct model_folder *
any_folder(struct script *s)
{
	return s->model->folders->pdata[chance(s, s->model->folders->len)];
}

static gboolean
is_special(const char *name)
{
	static const char *const special[] = {"INBOX", "Trash", "Archiv", "Junk", NULL};

	return g_strv_contains(special, name);
}

/* A folder that may be renamed or deleted, or NULL. */
static struct model_folder *
plain_folder(struct script *s)
{
	for (guint tries = 0; tries < 20; tries++) {
		struct model_folder *f = any_folder(s);

		if (!is_special(f->name))
			return f;
	}
	return NULL;
}

/* Up to three messages of one folder of which to (NULL: nobody) has none. */
static GPtrArray *
some_messages(struct script *s, const char *to)
{
	GPtrArray *chosen = g_ptr_array_new();
	const struct model_message *first =
	        s->model->messages->len ? s->model->messages->pdata[chance(s, s->model->messages->len)]
	                                : NULL;
	guint most = 1 + chance(s, 3);

	for (guint i = 0; first && i < s->model->messages->len && chosen->len < most; i++) {
		struct model_message *m = s->model->messages->pdata[i];

		if (!strcmp(m->folder, first->folder) && (!to || !model_message(s->model, to, m->id)))
			g_ptr_array_add(chosen, m);
	}
	return chosen;
}

static struct command *
command_for(struct script *s, enum command_verb verb, GPtrArray *messages)
{
	struct command *c = bed_command(verb, s->account);

	for (guint i = 0; messages && i < messages->len; i++) {
		const struct model_message *m = messages->pdata[i];

		bed_add_id(s->bed, c, m->folder, m->id);
		g_test_message("%" G_GINT64_FORMAT ": %s in %s", g_array_index(c->ids, msgid, i), m->id,
		               m->folder);
	}
	return c;
}

static void
do_well(struct script *s, struct command *c)
{
	g_assert_cmpint(bed_do(s->bed, c), ==, FULMAR_OK);
}

static void
ensure(struct script *s, const char *folder)
{
	if (!model_folder(s->model, folder))
		model_add_folder(s->model, folder);
}

/* ---- the actions; FALSE: there was nothing to do it to ---- */

static gboolean
flag(struct script *s)
{
	static const guint flags[] = {FLAG_SEEN, FLAG_FLAGGED, FLAG_ANSWERED};
	static const char *const words[] = {NULL, "$Work", "later"};
	g_autoptr(GPtrArray) messages = some_messages(s, NULL);
	struct command *c = command_for(s, CMD_FLAG, messages);
	guint bit = flags[chance(s, 3)];
	const char *word = words[chance(s, 3)];
	gboolean add = chance(s, 2);

	*(add ? &c->add : &c->remove) = bit;
	*(add ? &c->text : &c->text2) = g_strdup(word);
	do_well(s, c);
	for (guint i = 0; i < messages->len; i++)
		model_flag(messages->pdata[i], add ? bit : 0, add ? 0 : bit, add ? word : NULL,
		           add ? NULL : word);
	return messages->len > 0;
}

static gboolean
flag_all(struct script *s)
{
	struct model_folder *f = any_folder(s);
	struct command *c = bed_command(CMD_FLAG_ALL, s->account);

	c->folder = bed_folder(s->bed, s->account, f->name);
	c->add = FLAG_SEEN;
	do_well(s, c);
	for (guint i = 0; i < s->model->messages->len; i++) {
		struct model_message *m = s->model->messages->pdata[i];

		if (!strcmp(m->folder, f->name))
			model_flag(m, FLAG_SEEN, 0, NULL, NULL);
	}
	return TRUE;
}

static gboolean
file_to(struct script *s, enum command_verb verb, const char *to, const char *word, gboolean named)
{
	g_autofree char *target = g_strdup(to);
	g_autoptr(GPtrArray) messages = some_messages(s, to);
	struct command *c;

	if (!messages->len)
		return FALSE;
	c = command_for(s, verb, messages);
	if (named)
		c->text = g_strdup(to);
	do_well(s, c);
	ensure(s, target);
	for (guint i = 0; i < messages->len; i++) {
		struct model_message *m = messages->pdata[i];

		if (verb == CMD_COPY) {
			model_add(s->model, target, m->id, m->flags, m->keywords);
			continue;
		}
		model_move(m, target);
		if (word)
			model_flag(m, 0, 0, word, NULL);
	}
	return TRUE;
}

static gboolean
move(struct script *s)
{
	return file_to(s, CMD_MOVE, any_folder(s)->name, NULL, TRUE);
}

static gboolean
copy(struct script *s)
{
	return file_to(s, CMD_COPY, any_folder(s)->name, NULL, TRUE);
}

static gboolean delete (struct script *s)
{
	return file_to(s, CMD_DELETE, "Trash", NULL, FALSE);
}

static gboolean
archive(struct script *s)
{
	return file_to(s, CMD_ARCHIVE, "Archiv", NULL, FALSE);
}

static gboolean
junk(struct script *s)
{
	return file_to(s, CMD_JUNK, "Junk", "$Junk", FALSE);
}

static gboolean
purge(struct script *s)
{
	g_autoptr(GPtrArray) messages = some_messages(s, NULL);

	if (!messages->len)
		return FALSE;
	do_well(s, command_for(s, CMD_PURGE, messages));
	for (guint i = 0; i < messages->len; i++)
		model_remove(s->model, messages->pdata[i]);
	return TRUE;
}

static gboolean
create(struct script *s)
{
	struct command *c = bed_command(CMD_FOLDER_CREATE, s->account);
	struct model_folder *above = chance(s, 2) ? plain_folder(s) : NULL;

	c->text = above ? g_strdup_printf("%s/new%u", above->name, ++s->made)
	                : g_strdup_printf("new%u", ++s->made);
	model_add_folder(s->model, c->text);
	do_well(s, c);
	return TRUE;
}

static gboolean
rename_folder(struct script *s)
{
	struct model_folder *f = plain_folder(s);
	struct command *c;

	if (!f)
		return FALSE;
	c = bed_command(CMD_FOLDER_RENAME, s->account);
	c->folder = bed_folder(s->bed, s->account, f->name);
	c->text = g_strdup_printf("renamed%u", ++s->made);
	{
		g_autofree char *from = g_strdup(f->name);

		model_rename(s->model, from, c->text);
	}
	do_well(s, c);
	return TRUE;
}

static gboolean
remove_folder(struct script *s)
{
	struct model_folder *f = plain_folder(s);
	struct command *c;

	if (!f || s->model->folders->len < 5)
		return FALSE;
	c = bed_command(CMD_FOLDER_REMOVE, s->account);
	c->folder = bed_folder(s->bed, s->account, f->name);
	{
		g_autofree char *name = g_strdup(f->name);

		model_remove_folder(s->model, name);
	}
	do_well(s, c);
	return TRUE;
}

static gboolean
empty(struct script *s)
{
	const struct model_folder *f = any_folder(s);
	struct command *c;

	if (!strcmp(f->name, "INBOX"))
		return FALSE;
	c = bed_command(CMD_FOLDER_EMPTY, s->account);
	c->folder = bed_folder(s->bed, s->account, f->name);
	do_well(s, c);
	for (guint i = s->model->messages->len; i-- > 0;) {
		struct model_message *m = s->model->messages->pdata[i];

		if (!strcmp(m->folder, f->name))
			model_remove(s->model, m);
	}
	return TRUE;
}

static gboolean
subscribe(struct script *s)
{
	struct model_folder *f = any_folder(s);
	struct command *c = bed_command(CMD_FOLDER_SUBSCRIBE, s->account);

	c->folder = bed_folder(s->bed, s->account, f->name);
	f->subscribed = !f->subscribed;
	c->add = f->subscribed;
	do_well(s, c);
	return TRUE;
}

void
script_act(struct script *s)
{
	static const struct {
		const char *name;
		gboolean (*act)(struct script *s);
		guint weight;
		gboolean folders;
	} actions[] = {
	        {"flag", flag, 8, FALSE},          {"flag-all", flag_all, 1, FALSE},
	        {"move", move, 8, FALSE},          {"copy", copy, 4, FALSE},
	        {"delete", delete, 4, FALSE},      {"archive", archive, 2, FALSE},
	        {"junk", junk, 2, FALSE},          {"purge", purge, 2, FALSE},
	        {"create", create, 3, TRUE},       {"rename", rename_folder, 2, TRUE},
	        {"empty", empty, 1, TRUE},         {"remove", remove_folder, 1, TRUE},
	        {"subscribe", subscribe, 2, TRUE},
	};
	guint all = 0, i;
	gboolean done = FALSE;

	for (i = 0; i < G_N_ELEMENTS(actions); i++)
		all += actions[i].weight;
	while (!done) {
		guint pick = chance(s, all);

		for (i = 0; pick >= actions[i].weight; i++)
			pick -= actions[i].weight;
		done = (!s->no_folders || !actions[i].folders) && actions[i].act(s);
	}
	g_test_message("%s: %s", actions[i].name, s->bed->said ? s->bed->said : "");
}
