#include <string.h>
#include "backend/roles.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "core/account-private.h"

/* Folders by path and role, and what is done to them. */

struct site
site_of(struct change *change)
{
	struct account *a = change->account;

	return (struct site){.settings = a->settings,
	                     .store = a->store,
	                     .ops = a->ops,
	                     .backend = a->backend,
	                     .step = &change->step};
}

static void
no_such_folder(struct site *site, const char *path, GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(site->store, error);
	g_autoptr(GPtrArray) paths = g_ptr_array_new();
	const char *nearest;

	if (!folders)
		return;
	for (guint i = 0; i < folders->len; i++)
		g_ptr_array_add(paths, ((const struct store_folder *)folders->pdata[i])->path);
	g_ptr_array_add(paths, NULL);
	nearest = text_nearest(path, (const char *const *)paths->pdata);
	if (nearest)
		fulmar_fail(error, FULMAR_FAILED, _("%s has no folder “%s”; the nearest is “%s”"),
		            site->settings->id, path, nearest);
	else
		fulmar_fail(error, FULMAR_FAILED, _("%s has no folder “%s”; `fulmar folders %s` lists them"),
		            site->settings->id, path, site->settings->id);
}

/* ---- making ---- */

/* One level; special: a role, or "". Its id, 0 with error. */
static gint64
make(struct site *site, const char *path, const char *role, GError **error)
{
	static const char *const uses[][2] = {{"trash", "\\Trash"},
	                                      {"archive", "\\Archive"},
	                                      {"junk", "\\Junk"},
	                                      {"sent", "\\Sent"},
	                                      {"drafts", "\\Drafts"}};
	const char *use = "";
	g_autofree char *wire = NULL;
	struct store_folder folder = {.path = (char *)path,
	                              .role = (char *)role,
	                              .selectable = TRUE,
	                              .subscribed = TRUE,
	                              .rights = (char *)"",
	                              .windows = (char *)"",
	                              .mailbox_id = (char *)"",
	                              .keep = (char *)""};

	for (guint i = 0; i < G_N_ELEMENTS(uses); i++)
		if (!strcmp(uses[i][0], role))
			use = uses[i][1];
	if (!site->ops->name_folder(site->backend, path, &wire, &folder.delimiter, error))
		return 0;
	folder.wire = wire;
	if (!store_journal_create(site->store, &folder, use, site->step, error))
		return 0;
	site->made = TRUE;
	return folder.id;
}

/* Where folder keeps those below it: the path up to the last '/', NULL at the top. */
static char *
parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? g_strndup(path, (gsize)(slash - path)) : NULL;
}

/* The folder above path may be one that takes none. */
static gboolean
parent_allows(struct site *site, const char *path, GError **error)
{
	g_autoptr(GError) failed = NULL;
	g_autofree char *parent = parent_of(path);
	struct store_folder *f = parent ? store_folder_by_path(site->store, parent, &failed) : NULL;
	gboolean ok = !f || site_may(site, f->id, "k", error);

	store_folder_free(f);
	if (!failed)
		return ok;
	g_propagate_error(error, g_steal_pointer(&failed));
	return FALSE;
}

static gboolean has_or_makes(struct site *site, const char *path, GError **error);

/* With those above it: at most as many levels as tidy lets through. */
static gint64
make_path(struct site *site, const char *path, const char *role, GError **error)
{
	g_autofree char *parent = parent_of(path);

	if (parent && !has_or_makes(site, parent, error))
		return 0;
	return parent_allows(site, path, error) ? make(site, path, role, error) : 0;
}

/* One that holds no mail will do. */
static gboolean
has_or_makes(struct site *site, const char *path, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_folder *f = store_folder_by_path(site->store, path, &failed);
	gboolean there = f != NULL;

	store_folder_free(f);
	if (!failed)
		return there || make_path(site, path, "", error) != 0;
	g_propagate_error(error, g_steal_pointer(&failed));
	return FALSE;
}

/* No empty levels; those at both ends are passed over. NULL with error. */
static char *
tidy(const char *path, GError **error)
{
	enum { LEVELS_MAX = 64 };
	g_auto(GStrv) levels = g_strsplit(path, "/", -1);
	GPtrArray *kept = g_ptr_array_new();
	char *joined = NULL;
	gboolean ok = g_utf8_validate(path, -1, NULL);

	for (guint i = 0; levels[i]; i++) {
		if (*levels[i])
			g_ptr_array_add(kept, levels[i]);
		else
			ok &= i == 0 || !levels[i + 1];
	}
	ok &= kept->len > 0 && kept->len <= LEVELS_MAX;
	g_ptr_array_add(kept, NULL);
	if (ok)
		joined = g_strjoinv("/", (char **)kept->pdata);
	else
		fulmar_fail(error, FULMAR_FAILED, _("“%s” is no name of a folder"), path);
	g_ptr_array_unref(kept);
	return joined;
}

gint64
site_folder(struct site *site, const char *path, gboolean make_it, GError **error)
{
	g_autofree char *clean = tidy(path, error);
	g_autoptr(GError) failed = NULL;
	struct store_folder *f = clean ? store_folder_by_path(site->store, clean, &failed) : NULL;
	gint64 id = 0;

	if (failed)
		g_propagate_error(error, g_steal_pointer(&failed));
	else if (f && f->selectable)
		id = f->id;
	else if (clean && make_it)
		id = make_path(site, clean, "", error);
	else if (f)
		fulmar_fail(error, FULMAR_FAILED, _("“%s” holds other folders and no mail"), clean);
	else if (clean)
		no_such_folder(site, clean, error);
	store_folder_free(f);
	return id;
}

/* ---- roles ---- */

static const char *
named_for(const struct conf_account *settings, const char *role)
{
	const struct {
		const char *role, *path;
	} names[] = {{"trash", settings->trash}, {"archive", settings->archive}, {"junk", settings->junk},
	             {"sent", settings->sent},   {"drafts", settings->drafts},   {"inbox", "INBOX"}};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (!strcmp(names[i].role, role))
			return names[i].path;
	return NULL;
}

static const char *
usual_name(const char *role)
{
	static const char *const names[][2] = {{"trash", "Trash"},
	                                       {"archive", "Archive"},
	                                       {"junk", "Junk"},
	                                       {"sent", "Sent"},
	                                       {"drafts", "Drafts"}};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (!strcmp(names[i][0], role))
			return names[i][1];
	return NULL;
}

/* Who has the role by what the server said, else by its name. */
static gint64
who_has(struct site *site, const char *role, GPtrArray *folders)
{
	g_autofree struct role_folder *known = g_new0(struct role_folder, folders->len + 1);
	guint n = 0;
	gint64 id = 0;

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];

		if (f->selectable)
			known[n++] = (struct role_folder){f->path, f->role};
	}
	roles_assign(site->settings, known, n);
	for (guint i = 0; i < n && !id; i++)
		for (guint j = 0; j < folders->len && !strcmp(known[i].role, role); j++) {
			const struct store_folder *f = folders->pdata[j];

			if (!strcmp(f->path, known[i].path))
				id = f->id;
		}
	return id;
}

gint64
site_role(struct site *site, const char *role, gboolean make_it, GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(site->store, error);
	const char *named = named_for(site->settings, role);
	gint64 id = folders ? who_has(site, role, folders) : 0;

	if (id || !folders || !make_it)
		return id;
	return make_path(site, named ? named : usual_name(role), role, error);
}

/* ---- rights ---- */

static const struct {
	char right;
	char old; /* RFC 2086's letter that covered it */
	const char *what;
} kinds[] = {
        {'s', 0, N_("you may not mark mails in “%s” as read: the server gives you no right to")},
        {'w', 0, N_("you may not mark mails in “%s”: the server gives you no right to")},
        {'i', 0, N_("you may not put mails into “%s”: the server gives you no right to")},
        {'k', 'c', N_("you may not make folders in “%s”: the server gives you no right to")},
        {'x', 'c', N_("you may not change or delete the folder “%s”: the server gives you no right to")},
        {'t', 'd', N_("you may not delete mails in “%s”: the server gives you no right to")},
        {'e', 'd', N_("you may not delete mails in “%s”: the server gives you no right to")},
};

static gboolean
has_right(const char *rights, guint kind)
{
	return strchr(rights, kinds[kind].right) || (kinds[kind].old && strchr(rights, kinds[kind].old));
}

gboolean
site_may(struct site *site, gint64 folder, const char *rights, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_folder *f = store_folder_by_id(site->store, folder, &failed);
	const char *lacking = NULL;

	for (guint i = 0; f && *f->rights && !lacking && i < G_N_ELEMENTS(kinds); i++)
		if (strchr(rights, kinds[i].right) && !has_right(f->rights, i))
			lacking = _(kinds[i].what);
	if (lacking) {
		g_auto(GStrv) around = g_strsplit(lacking, "%s", 2);
		g_autofree char *why = g_strjoinv(f->path, around);

		fulmar_fail(&failed, FULMAR_FAILED, "%s", why);
	}
	store_folder_free(f);
	if (!failed)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failed));
	return FALSE;
}

/* ---- commands ---- */

/* NULL with error. */
static struct store_folder *
subject(struct change *change, gboolean may_be_inbox, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_folder *f = store_folder_by_id(change->account->store, change->command->folder, &failed);

	if (!f && !failed)
		fulmar_fail(&failed, FULMAR_FAILED, _("that folder is gone"));
	else if (f && !may_be_inbox && !strcmp(f->path, "INBOX"))
		fulmar_fail(&failed, FULMAR_FAILED, _("INBOX has to stay as it is"));
	if (failed) {
		g_clear_pointer(&f, store_folder_free);
		g_propagate_error(error, g_steal_pointer(&failed));
	}
	return f;
}

/* FALSE with error when there is one already. */
static gboolean
is_free(struct account *a, const char *path, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_folder *f = store_folder_by_path(a->store, path, &failed);

	if (f && f->selectable)
		fulmar_fail(&failed, FULMAR_FAILED, _("%s has a folder “%s” already"), a->settings->id, path);
	store_folder_free(f);
	if (!failed)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failed));
	return FALSE;
}

static const char *
text_of(const struct change *change)
{
	return change->command->text ? change->command->text : "";
}

gboolean
folder_create(struct change *change, GError **error)
{
	struct site site = site_of(change);
	g_autofree char *path = tidy(text_of(change), error);
	gint64 id = path && is_free(change->account, path, error) ? make_path(&site, path, "", error) : 0;

	change->name = "create";
	change->n = 1;
	change->folders = site.made;
	change->target = g_steal_pointer(&path);
	return id != 0;
}

gboolean
folder_rename(struct change *change, GError **error)
{
	struct account *a = change->account;
	struct site site = site_of(change);
	struct store_folder *f = subject(change, FALSE, error);
	g_autofree char *path = f ? tidy(text_of(change), error) : NULL;
	g_autofree char *parent = path ? parent_of(path) : NULL;
	g_autofree char *wire = NULL;
	char delimiter;
	gboolean ok = path && is_free(a, path, error) && site_may(&site, f->id, "x", error);

	change->name = "rename";
	change->n = 1;
	if (ok && g_str_has_prefix(path, f->path) && path[strlen(f->path)] == '/') {
		fulmar_fail(error, FULMAR_FAILED, _("“%s” cannot be moved into itself"), f->path);
		ok = FALSE;
	}
	ok = ok && (!parent || has_or_makes(&site, parent, error)) && parent_allows(&site, path, error) &&
	     a->ops->name_folder(a->backend, path, &wire, &delimiter, error) &&
	     store_journal_rename(a->store, f->id, path, wire, &change->step, error);
	store_folder_free(f);
	change->folders = ok || site.made;
	change->target = g_steal_pointer(&path);
	return ok;
}

static int
by_depth(gconstpointer a, gconstpointer b)
{
	const struct store_folder *x = *(struct store_folder *const *)a,
	                          *y = *(struct store_folder *const *)b;
	gsize n = strlen(x->path), m = strlen(y->path);

	return n < m ? 1 : n > m ? -1 : strcmp(x->path, y->path);
}

/* The folder and all below it, the deepest first. */
static gboolean
remove_tree(struct change *change, const struct store_folder *top, GError **error)
{
	struct site site = site_of(change);
	g_autoptr(GPtrArray) folders = store_folders(site.store, error);
	g_autofree char *below = g_strconcat(top->path, "/", NULL);

	if (!folders)
		return FALSE;
	for (guint i = 0; i < folders->len;) {
		const struct store_folder *f = folders->pdata[i];

		if (f->id != top->id && !g_str_has_prefix(f->path, below))
			g_ptr_array_remove_index(folders, i);
		else if (!site_may(&site, f->id, "x", error))
			return FALSE;
		else
			i++;
	}
	g_ptr_array_sort(folders, by_depth);
	for (guint i = 0; i < folders->len; i++) {
		if (!store_journal_remove(site.store, ((const struct store_folder *)folders->pdata[i])->id,
		                          &change->step, error))
			return FALSE;
		change->folders = TRUE;
	}
	return TRUE;
}

gboolean
folder_remove(struct change *change, GError **error)
{
	struct store_folder *f = subject(change, FALSE, error);
	gboolean ok = f && remove_tree(change, f, error);

	change->name = "remove";
	change->n = 1;
	change->target = g_strdup(f ? f->path : "");
	store_folder_free(f);
	return ok;
}

gboolean
folder_subscribe(struct change *change, GError **error)
{
	struct store_folder *f = subject(change, TRUE, error);
	gboolean ok = f && store_journal_subscribe(change->account->store, f->id, change->command->add == 1,
	                                           &change->step, error);

	change->name = "subscribe";
	change->n = 1;
	change->folders = ok;
	change->target = g_strdup(f ? f->path : "");
	store_folder_free(f);
	return ok;
}

gboolean
folder_empty(struct change *change, GError **error)
{
	struct site site = site_of(change);
	struct store_folder *f = subject(change, TRUE, error);
	gboolean ok = f && site_may(&site, f->id, "te", error) &&
	              store_journal_empty(change->account->store, f->id, &change->step, error);

	change->name = "empty";
	change->n = f ? (guint)f->total : 0;
	change->target = g_strdup(f ? f->path : "");
	if (f)
		change_touch(change, f->id);
	store_folder_free(f);
	return ok;
}

/* How this machine shows and keeps it: the server hears nothing of it, and it is no step of undo. */
gboolean
folder_pref(struct change *change, GError **error)
{
	struct account *a = change->account;
	const char *value = change->command->text2 ? change->command->text2 : "";
	struct store_folder *f = subject(change, TRUE, error);
	gboolean yes = !strcmp(value, "yes"), ok = f != NULL;
	struct conf_keep keep;

	if (f && !strcmp(text_of(change), "hidden")) {
		f->hidden = yes;
	} else if (f && !strcmp(text_of(change), "pinned")) {
		f->pinned = yes;
	} else if (f && (!*value || conf_keep_parse(value, &keep))) {
		g_free(f->keep);
		f->keep = g_strdup(value);
	} else if (f) {
		fulmar_fail(error, FULMAR_FAILED, _("“%s” says not what is kept: headers, text 30d, full …"),
		            value);
		ok = FALSE;
	}
	ok = ok && store_folder_put_prefs(a->store, f, error);
	if (ok && !strcmp(text_of(change), "keep"))
		work_again(a, f->id);
	change->folders = ok;
	change->said = g_strdup("");
	store_folder_free(f);
	return ok;
}
