-- What was answered to names is part of the step that took them: the step says so itself, and undo takes it back.
UPDATE journal SET changes = CAST((
    SELECT json_group_array(json(change)) FROM (
        SELECT value AS change, key AS place FROM json_each(CAST(journal.changes AS TEXT))
        UNION ALL
        SELECT json_object('Answer', json_object('photo', photo_id, 'name', name, 'before', NULL, 'after', answer)),
            1000000000 FROM name_answer WHERE step = journal.id
        ORDER BY place
    )
) AS BLOB)
WHERE id IN (SELECT step FROM name_answer) AND json_valid(CAST(changes AS TEXT));
UPDATE journal SET bytes = length(changes) WHERE id IN (SELECT step FROM name_answer);

-- Of steps that are undone; those before the first that is kept never were.
DELETE FROM name_answer WHERE step IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM journal WHERE id = step AND undone = 0)
    AND step >= (SELECT ifnull(min(id), step + 1) FROM journal);
ALTER TABLE name_answer DROP COLUMN step;
