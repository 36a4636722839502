import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("service_credits_tour", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            trigger: ".o_app[data-menu-xmlid='service_credits.menu_root']",
            content: _t("Let’s sell your first pack of service credits."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: "[data-step=action_open_step_service_credits_sell] button, .o_sc_sell",
            content: _t("A pack is sold with an ordinary quotation: create it here."),
            tooltipPosition: "top",
            run: "click",
        },
        {
            trigger: ".o_field_res_partner_many2one[name='partner_id'] input",
            content: _t("Search your client, or create one on the fly."),
            tooltipPosition: "right",
            run: "edit Service Credits Tour Client",
        },
        {
            isActive: ["auto"],
            trigger: ".ui-menu-item > a:contains('Service Credits Tour Client')",
            run: "click",
        },
        {
            trigger: ".o_form_view [name=order_line] .o_data_row",
            content: _t("The smallest pack is already there, at its price. Choose another one if you like."),
            tooltipPosition: "bottom",
            run: "click",
        },
        ...stepUtils.statusbarButtonsSteps(
            "Confirm",
            _t("Confirm the order: the credits arrive now, or when its invoice is paid, as you chose.")
        ),
        {
            trigger: "button[name=action_view_service_credit_lots]",
            content: _t("Here are the credits of this order: granted, or still pending."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            isActive: ["auto"],
            trigger: ".o_breadcrumb:contains('Lots')",
        },
    ],
});
