-- How long any of some spans lasted: what overlaps counts once; null without a span.
-- The linter reads no lambda of two values.
-- noqa: disable=all
create or replace temporary macro united_seconds(spans) as
nullif(
    struct_extract(
        list_reduce(
            list_transform(
                list_sort(spans),
                lambda span: struct_pack(
                    ended := span.ended, seconds := span.ended - span.began
                )
            ),
            lambda total, span: struct_pack(
                ended := greatest(total.ended, span.ended),
                seconds := total.seconds + greatest(
                    0, span.ended - greatest(span.ended - span.seconds, total.ended)
                )
            ),
            struct_pack(ended := '-infinity'::double, seconds := 0::double)
        ),
        'seconds'
    ),
    0
);
