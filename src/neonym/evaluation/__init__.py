"""How good coined names are, as functions over lists of names; none of them needs a model.

`names` counts (uniqueness, novelty, copying), `validity` applies the corpus's rules, `likelihood`
turns nats into figures, `similarity` and `edits` find nearest names, `distributions` compares
letters and lengths, `intervals` says how far to trust a figure, `measures` brings them together
for one list, and `report` for the model beside its references.

In the docstrings `V` stands for the valid names in order, duplicates kept, and `D` for the distinct
names of `V`. Names are in canonical form, each token one character (`Vocabulary.as_strings`).
"""
