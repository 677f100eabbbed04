//! The contract of accounts: a person and what holds of the account change together.

use shared::account::{AccountId, AccountSummary, Invitation, PasswordHash, Role, User, UserId};
use shared::session::Token;
use shared::store::{AccountChange, ReadAccounts, StoreError, UserChange, WriteAccounts};

use super::instant;

contracts!(
    AccountsTable,
    "accounts",
    [
        somebody_who_is_invited_is_found_and_the_invitation_is_gone,
        an_address_and_an_invitation_are_good_for_one_person,
        a_change_is_made_of_what_was_read,
        who_leaves_frees_the_address,
        invitations_are_listed_and_withdrawn,
    ]
);

fn user(name: &str) -> User {
    User {
        id: UserId::random(&mut rand::rng()),
        account: AccountId::default(),
        email: format!("{name}@shop.example").parse().unwrap(),
        role: Role::Viewer,
        password: PasswordHash("$argon2id$…".to_owned()),
        created_at: instant("2026-11-21T14:25:00.5Z"),
        version: 1,
    }
}

fn invitation() -> Invitation {
    Invitation {
        hash: Token::random().unwrap().hash(),
        account: AccountId::default(),
        role: Role::Viewer,
        email: Some("ada@shop.example".parse().unwrap()),
        invited_by: UserId::operator(),
        created_at: instant("2026-11-21T14:25:00Z"),
        valid_until: instant("2099-11-21T14:25:00Z"),
    }
}

fn summary(users: &[User], version: u64) -> AccountSummary {
    AccountSummary::of(AccountId::default(), users, version)
}

async fn sign_up(store: &impl WriteAccounts, users: &[User], version: u64) -> Result<(), StoreError> {
    let invitation = invitation();
    store.put_invitation(&invitation).await.unwrap();
    let user = users.last().unwrap().clone();
    let change =
        AccountChange { summary: summary(users, version), user: UserChange::SignsUp(user, Some(invitation)) };
    store.change_account(&change).await
}

fn is_conflict(result: Result<(), StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict(_)))
}

async fn somebody_who_is_invited_is_found_and_the_invitation_is_gone(
    store: &(impl ReadAccounts + WriteAccounts),
) {
    let (home, ada, invitation) = (AccountId::default(), user("ada"), invitation());
    assert_eq!(store.account(&home).await.unwrap(), None);
    assert_eq!(store.user_of(&ada.email).await.unwrap(), None);
    store.put_invitation(&invitation).await.unwrap();
    assert_eq!(store.invitation(&invitation.hash).await.unwrap(), Some(invitation.clone()));
    let signs_up = UserChange::SignsUp(ada.clone(), Some(invitation.clone()));
    let change = AccountChange { summary: summary(std::slice::from_ref(&ada), 1), user: signs_up };
    store.change_account(&change).await.unwrap();
    assert_eq!(store.user(&home, &ada.id).await.unwrap(), Some(ada.clone()));
    assert_eq!(store.user_of(&ada.email).await.unwrap(), Some(ada.clone()));
    assert_eq!(store.users(&home).await.unwrap(), std::slice::from_ref(&ada));
    assert_eq!(store.account(&home).await.unwrap(), Some(summary(std::slice::from_ref(&ada), 1)));
    assert_eq!(store.invitation(&invitation.hash).await.unwrap(), None);
    let elsewhere = "a-7f3k2a9d0c1b2e4f".parse().unwrap();
    assert_eq!(store.user(&elsewhere, &ada.id).await.unwrap(), None);
    assert_eq!(store.users(&elsewhere).await.unwrap(), []);
}

async fn an_address_and_an_invitation_are_good_for_one_person(store: &(impl ReadAccounts + WriteAccounts)) {
    let (ada, ben) = (user("ada"), user("ben"));
    sign_up(store, std::slice::from_ref(&ada), 1).await.unwrap();
    let twin = User { id: UserId::random(&mut rand::rng()), ..ada.clone() };
    assert!(is_conflict(sign_up(store, &[ada.clone(), twin], 2).await), "the address is taken");
    let used = invitation();
    let signs_up = UserChange::SignsUp(ben.clone(), Some(used));
    let change = AccountChange { summary: summary(&[ada.clone(), ben.clone()], 2), user: signs_up };
    assert!(is_conflict(store.change_account(&change).await), "there is no such invitation");
    assert_eq!(store.users(&AccountId::default()).await.unwrap(), [ada]);
    assert_eq!(store.user_of(&ben.email).await.unwrap(), None);
    // Into an account of their own, without an invitation.
    let eve = User { account: AccountId::random(&mut rand::rng()), ..user("eve") };
    let alone = AccountSummary::of(eve.account.clone(), std::slice::from_ref(&eve), 1);
    let change = AccountChange { summary: alone.clone(), user: UserChange::SignsUp(eve.clone(), None) };
    store.change_account(&change).await.unwrap();
    assert!(is_conflict(store.change_account(&change).await));
    assert_eq!(store.user_of(&eve.email).await.unwrap(), Some(eve.clone()));
    assert_eq!(store.account(&eve.account).await.unwrap(), Some(alone));
}

async fn a_change_is_made_of_what_was_read(store: &(impl ReadAccounts + WriteAccounts)) {
    let (ada, ben) = (user("ada"), user("ben"));
    sign_up(store, std::slice::from_ref(&ada), 1).await.unwrap();
    sign_up(store, &[ada.clone(), ben.clone()], 2).await.unwrap();
    let owner = User { role: Role::Owner, version: 2, ..ada.clone() };
    let change = |summary: AccountSummary, user: &User| AccountChange {
        summary,
        user: UserChange::Changes(user.clone()),
    };
    let after = [owner.clone(), ben.clone()];
    assert!(
        is_conflict(store.change_account(&change(summary(&after, 2), &owner)).await),
        "the account has changed"
    );
    store.change_account(&change(summary(&after, 3), &owner)).await.unwrap();
    assert!(
        is_conflict(store.change_account(&change(summary(&after, 4), &owner)).await),
        "the person has changed"
    );
    let stored = store.account(&AccountId::default()).await.unwrap().unwrap();
    assert_eq!((stored.users, stored.owners, stored.version), (2, 1, 3));
    assert_eq!(store.user_of(&ada.email).await.unwrap(), Some(owner));
}

async fn who_leaves_frees_the_address(store: &(impl ReadAccounts + WriteAccounts)) {
    let ada = user("ada");
    sign_up(store, std::slice::from_ref(&ada), 1).await.unwrap();
    let leaves =
        |version| AccountChange { summary: summary(&[], version), user: UserChange::Leaves(ada.clone()) };
    store.change_account(&leaves(2)).await.unwrap();
    assert!(is_conflict(store.change_account(&leaves(3)).await), "nobody is there");
    assert_eq!(store.user_of(&ada.email).await.unwrap(), None);
    assert_eq!(store.users(&AccountId::default()).await.unwrap(), []);
    sign_up(store, &[user("ada")], 3).await.unwrap();
}

async fn invitations_are_listed_and_withdrawn(store: &(impl ReadAccounts + WriteAccounts)) {
    let (one, other) = (invitation(), Invitation { email: None, ..invitation() });
    for invitation in [&one, &other] {
        store.put_invitation(invitation).await.unwrap();
    }
    let mut listed = store.invitations(&AccountId::default()).await.unwrap();
    listed.sort_by(|a, b| b.email.cmp(&a.email));
    assert_eq!(listed, [one.clone(), other.clone()]);
    assert_eq!(store.users(&AccountId::default()).await.unwrap(), []);
    for _ in 0..2 {
        store.delete_invitation(&one).await.unwrap();
    }
    assert_eq!(store.invitation(&one.hash).await.unwrap(), None);
    assert_eq!(store.invitations(&AccountId::default()).await.unwrap(), [other]);
}
