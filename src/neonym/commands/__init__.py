"""The commands of `neonym`, one a module.

A module's name is the command's, with dashes for underscores (one behind, as in `import_`, is not
part of it), and its `command` is what click runs.
A module is imported when its command is, so none pays for what another needs.
"""
