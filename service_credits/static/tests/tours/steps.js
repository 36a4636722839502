/** Steps that the tours share. Selectors hold no words: the tours run in any language. */
export const click = (content, trigger, expectUnloadPage = false) => ({
    content,
    trigger,
    run: "click",
    expectUnloadPage,
});

export const see = (content, trigger) => ({ content, trigger });

export const write = (content, trigger, text) => ({ content, trigger, run: `edit ${text}` });

/** Staff open the intervention called `subject` from the board. */
export const open = (subject) => [
    click("Open it from the board", `.o_kanban_record:contains('${subject}')`),
    see("It is open", `.o_form_view .o_breadcrumb:contains('${subject}')`),
];

/** Staff add line `number` (from 1) to the quotation. */
export function addLine(number, description, credits, { optional = false } = {}) {
    // Its own row: the one before stays selected until the new one is drawn.
    const row = `[name=line_ids] .o_data_row:nth-child(${number}).o_selected_row`;
    const steps = [
        click("Add a line", "[name=line_ids] .o_field_x2many_list_row_add a"),
        write("Say what is done", `${row} [name=description] textarea`, description),
        write("Say what it costs", `${row} [name=credits] input`, credits),
    ];
    if (optional) {
        steps.push(click("The client may leave it out", `${row} [name=optional] input`));
    }
    return steps;
}

/** Staff send the open quotation with Odoo's composer. */
export const send = () => [
    click("Send it", "button[name=action_send].btn-primary"),
    click("The mail is written, send it", ".modal button[name=action_send_mail]:not([disabled])"),
    see("The client decides now", ".o_arrow_button_current[data-value=quoted]"),
];

/** Staff start and deliver the open intervention. */
export const deliver = () => [
    click("Start", "button[name=action_start]"),
    see("The work has begun", ".o_arrow_button_current[data-value=in_progress]"),
    click("Deliver", "button[name=action_deliver]"),
    click("All of it", ".modal button[name=action_confirm]"),
    see("It is done", ".o_arrow_button_current[data-value=done]"),
];
