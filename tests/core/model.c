#include "model.h"

#include <string.h>

static void
message_free(gpointer data)
{
	struct model_message *m = data;

	g_free(m->folder);
	g_free(m->id);
	g_free(m->keywords);
	g_free(m);
}

static void
folder_free(gpointer data)
{
	struct model_folder *f = data;

	g_free(f->name);
	g_free(f);
}

struct model *
model_new(void)
{
	struct model *model = g_new(struct model, 1);

	model->folders = g_ptr_array_new_with_free_func(folder_free);
	model->messages = g_ptr_array_new_with_free_func(message_free);
	return model;
}

void
model_free(struct model *model)
{
	g_ptr_array_unref(model->folders);
	g_ptr_array_unref(model->messages);
	g_free(model);
}

struct model *
model_copy(const struct model *model)
{
	struct model *copy = model_new();

	for (guint i = 0; i < model->folders->len; i++) {
		const struct model_folder *f = model->folders->pdata[i];

		model_add_folder(copy, f->name);
		model_folder(copy, f->name)->subscribed = f->subscribed;
	}
	for (guint i = 0; i < model->messages->len; i++) {
		const struct model_message *m = model->messages->pdata[i];

		model_add(copy, m->folder, m->id, m->flags, m->keywords);
	}
	return copy;
}

static int
compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
model_dump(const struct model *model)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < model->folders->len; i++) {
		const struct model_folder *f = model->folders->pdata[i];

		g_ptr_array_add(lines, g_strdup_printf("%s/ %s", f->name, f->subscribed ? "yes" : "no"));
	}
	for (guint i = 0; i < model->messages->len; i++) {
		const struct model_message *m = model->messages->pdata[i];

		g_ptr_array_add(lines,
		                g_strdup_printf("%s %s %u %s", m->folder, m->id, m->flags, m->keywords));
	}
	g_ptr_array_sort(lines, compare);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

struct model_folder *
model_folder(const struct model *model, const char *name)
{
	for (guint i = 0; i < model->folders->len; i++) {
		struct model_folder *f = model->folders->pdata[i];

		if (!strcmp(f->name, name))
			return f;
	}
	return NULL;
}

struct model_message *
model_message(const struct model *model, const char *folder, const char *id)
{
	for (guint i = 0; i < model->messages->len; i++) {
		struct model_message *m = model->messages->pdata[i];

		if (!strcmp(m->folder, folder) && !strcmp(m->id, id))
			return m;
	}
	return NULL;
}

void
model_add_folder(struct model *model, const char *name)
{
	struct model_folder *f = g_new(struct model_folder, 1);

	f->name = g_strdup(name);
	f->subscribed = TRUE;
	g_ptr_array_add(model->folders, f);
}

void
model_add(struct model *model, const char *folder, const char *id, guint flags, const char *keywords)
{
	struct model_message *m = g_new(struct model_message, 1);

	*m = (struct model_message){g_strdup(folder), g_strdup(id), flags, g_strdup(keywords)};
	g_ptr_array_add(model->messages, m);
}

void
model_flag(struct model_message *m, guint add, guint remove, const char *keyword_add,
           const char *keyword_remove)
{
	g_auto(GStrv) words = g_strsplit(m->keywords, " ", -1);
	g_autoptr(GPtrArray) kept = g_ptr_array_new();

	m->flags = (m->flags | add) & ~remove;
	for (char **w = words; *w; w++)
		if (**w && g_strcmp0(*w, keyword_remove) != 0 && g_strcmp0(*w, keyword_add) != 0)
			g_ptr_array_add(kept, *w);
	if (keyword_add)
		g_ptr_array_add(kept, (gpointer)keyword_add);
	g_ptr_array_sort(kept, compare);
	g_ptr_array_add(kept, NULL);
	g_free(m->keywords);
	m->keywords = g_strjoinv(" ", (char **)kept->pdata);
}

void
model_move(struct model_message *m, const char *to)
{
	g_free(m->folder);
	m->folder = g_strdup(to);
}

void
model_remove(struct model *model, struct model_message *m)
{
	g_ptr_array_remove(model->messages, m);
}

static gboolean
is_in(const char *name, const char *top)
{
	gsize n = strlen(top);

	return !strncmp(name, top, n) && (!name[n] || name[n] == '/');
}

void
model_rename(struct model *model, const char *from, const char *to)
{
	for (guint i = 0; i < model->messages->len; i++) {
		struct model_message *m = model->messages->pdata[i];
		g_autofree char *name =
		        is_in(m->folder, from) ? g_strconcat(to, m->folder + strlen(from), NULL) : NULL;

		if (name)
			model_move(m, name);
	}
	for (guint i = 0; i < model->folders->len; i++) {
		struct model_folder *f = model->folders->pdata[i];
		char *name;

		if (!is_in(f->name, from))
			continue;
		name = g_strconcat(to, f->name + strlen(from), NULL);
		g_free(f->name);
		f->name = name;
	}
}

void
model_remove_folder(struct model *model, const char *name)
{
	for (guint i = model->messages->len; i-- > 0;)
		if (is_in(((struct model_message *)model->messages->pdata[i])->folder, name))
			g_ptr_array_remove_index(model->messages, i);
	for (guint i = model->folders->len; i-- > 0;)
		if (is_in(((struct model_folder *)model->folders->pdata[i])->name, name))
			g_ptr_array_remove_index(model->folders, i);
}
