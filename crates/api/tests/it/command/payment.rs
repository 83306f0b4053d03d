//! Payments cite what was done, and pay for it once.

use serde_json::{Value, json};

use super::partnership::{
    COMMISSIONER, LEAD, MANAGER, NOMS, OTHER_LEAD, Partnership, YSS, came, text,
};

fn for_unit(agreement: &str, evidence: &[&str]) -> Value {
    json!({"agreement": agreement, "payer": NOMS.to_string(), "payee": YSS.to_string(),
        "amount": "4500", "basis": "UNIT", "from": "2009-06-01", "to": "2009-06-30",
        "evidence": evidence, "occurredOn": "2009-07-15"})
}

#[tokio::test]
async fn a_session_is_paid_for_once_and_shown_to_the_partners_of_the_agreement() {
    let open = Partnership::open().await;
    let person = open.person().await;
    let placement = open.started_placement(&person).await;
    let sheet = json!({"entries": [came(&placement, "s1")]});
    let recorded = open.accepted(LEAD, "recordAttendance", sheet).await;
    let session = text(&recorded["events"][0]["id"]);
    let agreement = open.yss_agreement.clone();
    let paid =
        open.accepted(COMMISSIONER, "recordPayment", for_unit(&agreement, &[&session])).await;
    let shown = json!([{"amount": "4500", "basis": "UNIT", "evidence": [session]}]);
    assert_eq!(paid["agreement"]["payments"], shown);
    let again = for_unit(&agreement, &[&session]);
    open.breaks(COMMISSIONER, "recordPayment", again, "EVIDENCE_PAID").await;
    let document = "query($id: ID!) { ledger { agreement(id: $id) {
        payments { amount basis evidence payer { id } payee { id } from to paidOn } } } }";
    let id = json!({ "id": agreement });
    let seen = open.ask(LEAD, document, &id).await;
    assert_eq!(seen["data"]["ledger"]["agreement"]["payments"][0]["evidence"], json!([session]));
    for who in [OTHER_LEAD, MANAGER] {
        let hidden = open.ask(who, document, &id).await;
        assert_eq!(hidden["data"]["ledger"]["agreement"], Value::Null, "{who:?}");
    }
    // A payment that is voided frees what it cited.
    let correction = json!({"corrections": [{"target": paid["events"][0]["id"],
        "reason": "DUPLICATE", "op": {"void": true}}]});
    open.accepted(COMMISSIONER, "correctEvent", correction).await;
    let again = for_unit(&agreement, &[&session]);
    open.accepted(COMMISSIONER, "recordPayment", again).await;
}
