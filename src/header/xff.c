/*
 * Walking X-Forwarded-For from right to left.
 */
#include "header/xff.h"

void xff_walk_begin(struct xff_walk *w, const struct http_head *h)
{
	*w = (struct xff_walk){ .head = h, .fields = h->n_fields };
}

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

/* Cut the last element off the rest; false: there is none. */
static bool last_element(struct span *rest, struct span *element)
{
	size_t end = rest->n, start;

	while (end > 0 && is_separator(rest->p[end - 1]))
		end--;
	for (start = end; start > 0 && !is_separator(rest->p[start - 1]);)
		start--;
	*element = span_of(rest->p + start, end - start);
	rest->n = start;
	return element->n != 0;
}

static bool next_element(struct xff_walk *w, struct span *element)
{
	while (!last_element(&w->rest, element)) {
		do {
			if (w->fields == 0)
				return false;
			w->fields--;
		} while (w->head->fields[w->fields].id != HTTP_F_X_FORWARDED_FOR);
		w->rest = w->head->fields[w->fields].value;
	}
	return true;
}

bool xff_walk_next(struct xff_walk *w, struct ip *ip)
{
	struct span element;

	if (w->is_over)
		return false;
	w->is_over = true;
	if (w->hops == XFF_HOPS_MAX || !next_element(w, &element))
		return false;
	if (!ip_parse(element, ip)) {
		w->met_nonsense = true;
		return false;
	}
	w->hops++;
	w->is_over = false;
	return true;
}
