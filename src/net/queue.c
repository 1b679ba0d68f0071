#include "net/queue.h"

#include <string.h>

/* An empty queue keeps at most this much. */
#define QUEUE_KEEP ((gsize)64 * 1024)

unsigned char *
queue_room(struct queue *queue, gsize len)
{
	gsize used = queue_len(queue), size = MAX(queue->size, 1024);
	unsigned char *bytes;

	if (queue->size - queue->tail >= len)
		return queue->bytes + queue->tail;
	/* Moving is paid for by what was taken: only when at least half of the room is free. */
	if (used <= queue->size / 2 && queue->size - used >= len) {
		memmove(queue->bytes, queue->bytes + queue->head, used);
	} else {
		if (len > G_MAXSIZE / 4 - used)
			g_error("a write of %" G_GSIZE_FORMAT " octets", len);
		while (size - used < len)
			size *= 2;
		/* Not g_realloc: a secret must not be left in freed memory. */
		bytes = g_malloc(size);
		if (used)
			memcpy(bytes, queue->bytes + queue->head, used);
		if (queue->secret && queue->bytes)
			explicit_bzero(queue->bytes, queue->tail);
		g_free(queue->bytes);
		queue->bytes = bytes;
		queue->size = size;
	}
	queue->head = 0;
	queue->tail = used;
	return queue->bytes + used;
}

void
queue_grow(struct queue *queue, gsize len)
{
	g_assert(len <= queue->size - queue->tail);
	queue->tail += len;
}

void
queue_add(struct queue *queue, const void *bytes, gsize len)
{
	if (!len)
		return;
	memcpy(queue_room(queue, len), bytes, len);
	queue->tail += len;
}

void
queue_take(struct queue *queue, gsize len)
{
	g_assert(len <= queue_len(queue));
	queue->head += len;
	if (queue->head != queue->tail)
		return;
	if (queue->secret)
		explicit_bzero(queue->bytes, queue->tail);
	queue->secret = FALSE;
	queue->head = queue->tail = 0;
	if (queue->size > QUEUE_KEEP)
		queue_clear(queue);
}

void
queue_clear(struct queue *queue)
{
	if (queue->bytes && queue->secret)
		explicit_bzero(queue->bytes, queue->size);
	g_free(queue->bytes);
	*queue = (struct queue){0};
}
