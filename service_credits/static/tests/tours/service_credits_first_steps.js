import { registry } from "@web/core/registry";

/**
 * A new manager follows the first steps from an empty dashboard to the first pack sold, without
 * leaving the pages that the steps open. Played by `tests/test_backoffice_tour.py`.
 */
const click = (content, trigger) => ({ content, trigger, run: "click" });
const see = (content, trigger) => ({ content, trigger });
const step = (name) => `.o_sc_steps [data-step=action_open_step_service_credits_${name}]`;

const lookAt = (name, page) => [
    click(`Take the step: ${name}`, `${step(name)} button`),
    see("The page is there", page),
    click("Go back", ".o_back_button a"),
    see("The step is done", `${step(name)}.o_sc_done`),
];

registry.category("web_tour.tours").add("service_credits_first_steps", {
    url: "/odoo/service-credits",
    steps: () => [
        see("Nothing is sold yet", ".o_sc_dashboard .o_sc_empty"),
        click("Choose when credits arrive", `${step("setup")} button.btn-primary`),
        click(
            "As soon as the order is confirmed",
            ".modal [name=grant_on] .o_radio_item:contains('The order is confirmed') input"
        ),
        click("Save", ".modal button[name=action_apply]"),
        see("The step is done", `${step("setup")}.o_sc_done`),
        ...lookAt("packs", ".o_list_view .o_data_row:contains('Pack of 5')"),
        ...lookAt("types", ".o_list_view .o_data_row:contains('Remote Training')"),
        click("Bring in balances", `${step("clients")} button`),
        see("The trial run is offered", ".modal button[name=action_check], .o_form_view button[name=action_check]"),
        {
            content: "Close it: this firm has none",
            trigger: ".modal .btn-close, .o_back_button a, .o_back_button",
            run: "click",
        },
        see("The step is done", `${step("clients")}.o_sc_done`),
        click("Sell the first pack", `${step("sell")} button.btn-primary`),
        see("The smallest pack is on it", ".o_form_view [name=order_line] .o_data_row:contains('5')"),
        {
            content: "For this client",
            trigger: ".o_form_view [name=partner_id] input",
            run: "edit First Client",
        },
        click("Choose the client", ".ui-menu-item > a:contains('First Client')"),
        click("Confirm", "button[name=action_confirm]:enabled:visible"),
        see("It is a sales order", ".o_arrow_button_current:contains('Sales Order')"),
        see("The credits have arrived", "button[name=action_view_service_credit_lots]:contains('5 / 5')"),
        click("Back to the dashboard", ".o_back_button a"),
        see("All is done", ".o_sc_first_steps .o_sc_completed:contains('first pack is sold')"),
        see("The figure is there", "[data-tile=sold] .o_sc_value:contains('5')"),
        click("Hide the first steps", ".o_sc_first_steps .o_sc_close"),
        see("They are gone", ".o_sc_dashboard:not(:has(.o_sc_first_steps))"),
        click("See what is behind the figure", "button[data-tile=sold]"),
        see("One sale to one client", ".o_list_view .o_data_row:contains('First Client')"),
    ],
});
