-- How far lost faces were looked for: those of a picture, by their vectors of one model.
CREATE TABLE sought (
    photo_id INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
    model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
    -- In all pictures up to this id.
    up_to INTEGER NOT NULL,
    PRIMARY KEY (photo_id, model_id)
) WITHOUT ROWID;
CREATE INDEX sought_by_model ON sought (model_id);
