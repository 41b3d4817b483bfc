"""One module judged against one baseline, for every verb that needs it."""
