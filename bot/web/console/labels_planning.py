"""Texts of the page with the registry's planning figures."""

from flows.engine.text import Text, _, button

PLANNING: dict[str, Text] = {
    # Translators: counts of registered people, by which a ministry plans.
    "planning": button("Planning"),
    "planning_hint": _("People in the registry, counted by one or two properties."),
    "planning_hidden_hint": _(
        "The registry hides small counts, and some others, so that no person can be recognised."
    ),
    "planning_noted": _("Each query is kept in the audit log, here and in the registry."),
    # Translators: the first property by which people are counted.
    "planning_first": _("People by"),
    # Translators: the second property by which people are counted.
    "planning_second": _("and by"),
    # Translators: in a choice: no second property.
    "planning_one": _("nothing more"),
    # Translators: shows the counts by the chosen properties.
    "planning_show": button("Show"),
    # Translators: a count that the registry does not show.
    "planning_hidden": _("hidden"),
    # Translators: the number of people in the registry.
    "planning_people": _("People"),
    # Translators: the number of families in the registry.
    "planning_households": _("Households"),
    # Translators: a column of a table: the count without regard to the other property.
    "planning_all": _("All"),
    "planning_released": _("The counts were released on {date} and change at most once a day."),
    "planning_map": _("Map of the regions, one tile for each"),
    "planning_map_hint": _("More people give a darker tile. A dashed tile is hidden."),
    # Translators: a property by which people are counted: their age.
    "planning_age": _("Age"),
    # Translators: the number of people who did not answer the question.
    "planning_not_given": _("Not given"),
    # Translators: the number of people who were not asked the question, such as children about
    # their trade.
    "planning_not_asked": _("Not asked"),
    "planning_off": _("No registry is connected. An administrator can set its address."),
    "planning_none": _("The registry has not released counts yet. Please come back tomorrow."),
    "planning_away": _("The registry does not answer now. Please try again in a few minutes."),
    "planning_unfit": _(
        "The registry's answer can't be used. Please show this code to an administrator: {code}"
    ),
}
