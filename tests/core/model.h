/* What mailboxes shall look like after what a person did: folders and messages as plain lists. */
#ifndef FULMAR_TESTS_CORE_MODEL_H
#define FULMAR_TESTS_CORE_MODEL_H

#include <glib.h>

struct model_message {
	char *folder, *id;
	guint flags;
	char *keywords; /* sorted, blank-separated */
};
struct model {
	GPtrArray *folders;  /* struct model_folder * */
	GPtrArray *messages; /* struct model_message * */
};
struct model_folder {
	char *name;
	gboolean subscribed;
};

struct model *model_new(void);
void model_free(struct model *model);
struct model *model_copy(const struct model *model);
/* As memory_dump says it. Gives (g_free). */
char *model_dump(const struct model *model);

struct model_folder *model_folder(const struct model *model, const char *name);
/* NULL: none. */
struct model_message *model_message(const struct model *model, const char *folder, const char *id);
void model_add_folder(struct model *model, const char *name);
void model_add(struct model *model, const char *folder, const char *id, guint flags, const char *keywords);
void model_flag(struct model_message *m, guint add, guint remove, const char *keyword_add,
                const char *keyword_remove);
void model_move(struct model_message *m, const char *to);
void model_remove(struct model *model, struct model_message *m);
void model_rename(struct model *model, const char *from, const char *to);
/* With those below it and all mails. */
void model_remove_folder(struct model *model, const char *name);

#endif
